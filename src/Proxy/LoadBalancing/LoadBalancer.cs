using System.Collections.Immutable;

namespace Mesh.Proxy.LoadBalancing;

/// <summary>
/// Picks one of a fixed set of endpoints. It is compiled once for each version of a cluster's endpoints and then only read, so a pick
/// takes no lock and allocates nothing. What changes while it lives, requests in flight and the turn of a round robin, is handed in.
///
/// Rejected: one mutable balancer for each cluster that endpoints are added to and removed from. It would need a lock in the path of
/// every request, and the state in the middle of a change could be seen.
/// </summary>
public abstract class LoadBalancer
{
    /// <summary>The index of the endpoint to try.</summary>
    /// <param name="random">Where chance comes from.</param>
    /// <param name="hash">What the request hashes to; only a ring hash reads it.</param>
    /// <param name="attempt">0 for the first try; a later try of the same request should land elsewhere.</param>
    /// <returns>From 0 to the number of endpoints, exclusive; -1 when there are none.</returns>
    public abstract int Pick(Random random, ulong hash, int attempt);
}

/// <summary>What a balancer must know of an endpoint.</summary>
/// <param name="Key">What the endpoint is called on a hash ring: its address and port.</param>
/// <param name="Weight">At least 1.</param>
public readonly record struct Candidate(string Key, int Weight);

/// <summary>How many requests an endpoint has in flight, by its index.</summary>
public delegate int InFlight(int index);

/// <summary>There is nothing to pick from.</summary>
public sealed class EmptyBalancer : LoadBalancer
{
    /// <summary>The only one.</summary>
    public static EmptyBalancer Instance { get; } = new();

    /// <inheritdoc/>
    public override int Pick(Random random, ulong hash, int attempt) => -1;
}

/// <summary>Weighted, at random.</summary>
public sealed class RandomBalancer(ImmutableArray<Candidate> candidates) : LoadBalancer
{
    private readonly AliasTable _table = new(candidates);

    /// <inheritdoc/>
    public override int Pick(Random random, ulong hash, int attempt) => _table.Pick(random);
}
