using System.Collections.Immutable;

namespace Mesh.Proxy.LoadBalancing;

/// <summary>
/// Of two endpoints drawn at random, by weight, the one with fewer requests in flight for its weight (power of two choices).
///
/// Envoy does this too while all weights are equal; when they differ it schedules by weight / (in flight + 1) instead. That was
/// declined: it needs a shared heap that changes with every request. Drawing by weight keeps the proportions while there is little
/// load, which is when an endpoint on probation (a tenth of the weight) must get its trickle, and comparing load for the weight keeps
/// them when there is much.
/// </summary>
public sealed class LeastRequestBalancer(ImmutableArray<Candidate> candidates, InFlight inFlight) : LoadBalancer
{
    private readonly AliasTable _table = new(candidates);

    /// <inheritdoc/>
    public override int Pick(Random random, ulong hash, int attempt)
    {
        var first = _table.Pick(random);
        if (candidates.Length < 2)
        {
            return first;
        }

        // Two different ones are worth more than a fair second draw; a few draws find one unless one endpoint has nearly all the weight.
        var second = first;
        for (var draw = 0; draw < 3 && second == first; draw++)
        {
            second = _table.Pick(random);
        }

        var firstLoad = (long)inFlight(first) * candidates[second].Weight;
        var secondLoad = (long)inFlight(second) * candidates[first].Weight;
        return secondLoad < firstLoad ? second : first;
    }
}
