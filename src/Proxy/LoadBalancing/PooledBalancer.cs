using System.Collections.Immutable;

namespace Mesh.Proxy.LoadBalancing;

/// <summary>Some of the endpoints, with a balancer of their own.</summary>
/// <param name="Weight">The pool's share among the pools, at least 1.</param>
/// <param name="First">The index of its first endpoint; the others follow.</param>
/// <param name="Balancer">Picks among them, from 0 on.</param>
public sealed record Pool(int Weight, int First, LoadBalancer Balancer);

/// <summary>
/// First a pool by its share, then an endpoint of it: how requests are split over priorities and localities. Still one roll of an alias table more than a
/// plain pick, and no lock.
/// </summary>
/// <param name="pools">At least one.</param>
/// <param name="byHash">Whether the request's hash chooses the pool too, so that equal requests stay together.</param>
public sealed class PooledBalancer(ImmutableArray<Pool> pools, bool byHash) : LoadBalancer
{
    private readonly AliasTable _table = new([.. pools.Select(static pool => new Candidate("", pool.Weight))]);
    private readonly long _total = pools.Sum(static pool => (long)pool.Weight);

    /// <inheritdoc/>
    public override int Pick(Random random, ulong hash, int attempt)
    {
        var pool = pools[byHash ? ByHash(hash) : _table.Pick(random)];
        return pool.First + pool.Balancer.Pick(random, hash, attempt);
    }

    // Not an alias table: there, a share that grows moves requests between pools that did not change.
    private int ByHash(ulong hash)
    {
        // Mixed, because the same hash finds the place on the pool's ring.
        var point = (long)(ulong)((UInt128)(hash * 0x9E3779B97F4A7C15) * (ulong)_total >> 64);
        var index = 0;
        while (point >= pools[index].Weight)
        {
            point -= pools[index++].Weight;
        }

        return index;
    }
}
