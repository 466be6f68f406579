using System.Collections.Immutable;
using Mesh.Core.Localities;
using Mesh.Proxy.Model;

namespace Mesh.Proxy.Upstream;

/// <summary>Endpoints that share a part of the requests.</summary>
/// <param name="Weight">Their share, at least 1.</param>
/// <param name="Members">Not empty.</param>
public sealed record SpreadPool(int Weight, ImmutableArray<EndpointModel> Members);

/// <summary>What a priority gets, for people.</summary>
/// <param name="Priority">Which.</param>
/// <param name="Percent">Of the requests.</param>
/// <param name="Panic">Whether its share goes to all of its endpoints.</param>
public sealed record SpreadShare(int Priority, int Percent, bool Panic);

/// <summary>
/// How a cluster's requests are spread over priorities and, where the cluster asks for it, over localities: Envoy's split (<see cref="PriorityLoad"/>) over what
/// is healthy in this proxy's eyes, so that its own ejections make a zone spill just as the mesh's do.
/// </summary>
/// <param name="Pools">Who gets what; empty when there is nobody to use.</param>
/// <param name="Shares">The same by priority.</param>
/// <param name="Reserve">Healthy endpoints of priorities that get nothing, by priority.</param>
public sealed record Spread(ImmutableArray<SpreadPool> Pools, ImmutableArray<SpreadShare> Shares, ImmutableArray<EndpointModel> Reserve)
{
    private const int PerPercent = 10_000;

    /// <summary>Decides it.</summary>
    public static Spread Of(ClusterConfig config, EndpointsConfig endpoints, ImmutableArray<EndpointModel> all, Standing standing)
    {
        var priorities = all.GroupBy(static e => e.Config.Priority).OrderBy(static g => g.Key).Select(static g => g.ToImmutableArray()).ToImmutableArray();
        var health = priorities.Select(members => new PriorityHealth(members.Length, members.Count(standing.IsHealthy))).ToArray();
        var trickling = all.Where(static e => e.Trickle && !e.EjectedHere).ToImmutableArray();
        if (!trickling.IsEmpty && Array.TrueForAll(health, static h => h.Healthy == 0))
        {
            return new([new(1, trickling)], [], []);
        }

        var shares = PriorityLoad.Of(health, endpoints.Overprovisioning, config.PanicThreshold);
        var pools = ImmutableArray.CreateBuilder<SpreadPool>();
        for (var i = 0; i < priorities.Length; i++)
        {
            if (shares[i].Percent > 0)
            {
                pools.AddRange(PoolsOf(config, endpoints, priorities[i], standing, shares[i]));
            }
        }

        return new(
            Joined(pools.ToImmutable(), trickling),
            [.. shares.Select((share, i) => new SpreadShare(priorities[i][0].Config.Priority, share.Percent, share.Panic))],
            [.. priorities.Where((_, i) => shares[i].Percent == 0).SelectMany(members => members.Where(standing.IsHealthy))]);
    }

    private static IEnumerable<SpreadPool> PoolsOf(
        ClusterConfig config, EndpointsConfig endpoints, ImmutableArray<EndpointModel> members, Standing standing, PriorityShare share)
    {
        var whole = share.Percent * PerPercent;
        if (share.Panic)
        {
            return [new(whole, Desperate(members))];
        }

        var healthy = members.Where(standing.IsHealthy).ToImmutableArray();
        if (!config.LocalityWeighted)
        {
            return healthy.IsEmpty ? [] : [new(whole, healthy)];
        }

        var localities = members.GroupBy(static e => e.Config.Locality)
            .Select(g => (
                Members: g.Where(standing.IsHealthy).ToImmutableArray(),
                Weight: PriorityLoad.EffectiveWeight(
                    endpoints.WeightOf(g.First().Config), new(g.Count(), g.Count(standing.IsHealthy)), endpoints.Overprovisioning)))
            .Where(static l => l.Weight > 0)
            .ToList();
        var total = localities.Sum(static l => l.Weight);
        if (localities.Count == 0)
        {
            // As in Envoy: where nobody gave a locality a weight, they count for nothing.
            return healthy.IsEmpty ? [] : [new(whole, healthy)];
        }

        return localities.Select(l => new SpreadPool((int)Math.Max(1, whole * l.Weight / total), l.Members));
    }

    /// <summary>
    /// Those that have to prove themselves join the pool of their locality and priority, or the first of those that are used; but none whose priority comes
    /// after all that are used. So a priority that was given up can come back.
    /// </summary>
    private static ImmutableArray<SpreadPool> Joined(ImmutableArray<SpreadPool> pools, ImmutableArray<EndpointModel> trickling)
    {
        if (pools.IsEmpty || trickling.IsEmpty)
        {
            return pools;
        }

        var used = pools.SelectMany(static p => p.Members).Select(static m => m.State).ToHashSet();
        var last = pools[^1].Members[0].Config.Priority;
        var joining = trickling.Where(e => e.Config.Priority <= last && !used.Contains(e.State)).ToLookup(e => PoolFor(pools, e.Config));
        return [.. pools.Select((pool, index) => pool with { Members = [.. pool.Members, .. joining[index]] })];
    }

    private static int PoolFor(ImmutableArray<SpreadPool> pools, EndpointConfig endpoint)
    {
        var near = Enumerable.Range(0, pools.Length).Where(i => pools[i].Members[0].Config.Priority == endpoint.Priority).ToList();
        return near.Where(i => pools[i].Members[0].Config.Locality == endpoint.Locality).Concat(near).FirstOrDefault();
    }

    /// <summary>Those that leave of their own will are left alone unless there is nobody else.</summary>
    private static ImmutableArray<EndpointModel> Desperate(ImmutableArray<EndpointModel> members)
    {
        var staying = members.Where(static e => e.Config.Health != EndpointHealth.Draining).ToImmutableArray();
        return staying.IsEmpty ? members : staying;
    }
}
