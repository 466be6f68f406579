using System.Collections.Immutable;

namespace Mesh.Core.Localities;

/// <summary>How one priority stands.</summary>
/// <param name="Hosts">Endpoints that are shown.</param>
/// <param name="Healthy">Of these, the ones in rotation.</param>
public readonly record struct PriorityHealth(int Hosts, int Healthy);

/// <summary>What one priority gets.</summary>
/// <param name="Percent">Of all requests, 0 to 100.</param>
/// <param name="Panic">So few are healthy, here and elsewhere, that its share goes to all of its endpoints, ejected ones too.</param>
public readonly record struct PriorityShare(int Percent, bool Panic);

/// <summary>
/// How a data plane splits requests over priorities: Envoy's algorithm (<c>LoadBalancerBase::recalculatePerPriorityState</c> and what follows it), in whole
/// percent as there, so that the proxy, the budget and the simulation agree with it to the point.
/// <para>
/// A priority counts as healthy as 1.4 times its share of healthy endpoints, because endpoints have room to spare; so it keeps everything down to about 72 % and
/// then spills. When all priorities together do not come to 100 %, what there is is scaled up. A priority panics when fewer than the threshold are
/// healthy and all together do not come to 100 %; when all panic, health is disbelieved altogether and each gets what its number of endpoints says.
/// </para>
/// <para>
/// gRPC knows nothing of this: it goes on to the next priority when none of one can be connected to.
/// </para>
/// </summary>
public static class PriorityLoad
{
    /// <summary>Envoy's overprovisioning factor, in percent.</summary>
    public const int Overprovisioning = 140;

    /// <summary>Envoy's panic threshold, in percent.</summary>
    public const double PanicThreshold = 50;

    /// <summary>How healthy a priority counts, in percent: <c>min(100, 1.4 * healthy %)</c>, cut off as in Envoy.</summary>
    public static int HealthOf(PriorityHealth priority, int overprovisioning = Overprovisioning) =>
        priority.Hosts == 0 ? 0 : (int)Math.Min(100, (long)overprovisioning * priority.Healthy / priority.Hosts);

    /// <summary>The share of each priority, together 100.</summary>
    /// <param name="priorities">From 0 on; when there are none, neither are there shares.</param>
    /// <param name="overprovisioning">In percent.</param>
    /// <param name="panicThreshold">In percent; 0 turns panic off.</param>
    public static ImmutableArray<PriorityShare> Of(
        IReadOnlyList<PriorityHealth> priorities, int overprovisioning = Overprovisioning, double panicThreshold = PanicThreshold)
    {
        if (priorities.Count == 0)
        {
            return [];
        }

        var health = priorities.Select(p => HealthOf(p, overprovisioning)).ToArray();
        var total = Math.Min(100, health.Sum());
        var panics = priorities.Select(p => total < 100 && Share(p) < Math.Min(100, panicThreshold)).ToArray();
        if (Array.TrueForAll(panics, static panic => panic))
        {
            return [.. ByHosts(priorities).Select(static percent => new PriorityShare(percent, true))];
        }

        var loads = total == 0 ? AllToFirst(priorities.Count) : ByHealth(health, total);
        return [.. loads.Select((percent, i) => new PriorityShare(percent, panics[i]))];
    }

    /// <summary>
    /// What is left of a locality's weight within its priority when part of it is ejected: all of it down to about 72 % healthy, then in proportion.
    /// Envoy's locality-weighted balancing.
    /// </summary>
    public static double EffectiveWeight(uint weight, PriorityHealth locality, int overprovisioning = Overprovisioning) =>
        locality.Hosts == 0 ? 0 : weight * Math.Min(1, overprovisioning / 100.0 * locality.Healthy / locality.Hosts);

    private static double Share(PriorityHealth priority) => priority.Hosts == 0 ? 0 : 100.0 * priority.Healthy / priority.Hosts;

    private static int[] ByHealth(int[] health, int total)
    {
        var (loads, left) = (new int[health.Length], 100);
        for (var i = 0; i < health.Length; i++)
        {
            loads[i] = Math.Min(left, health[i] * 100 / total);
            left -= loads[i];
        }

        // What remains was lost in rounding; the first that is healthy at all takes it.
        loads[Array.FindIndex(health, static h => h > 0)] += left;
        return loads;
    }

    private static int[] ByHosts(IReadOnlyList<PriorityHealth> priorities)
    {
        var hosts = priorities.Sum(static p => (long)p.Hosts);
        if (hosts == 0)
        {
            return AllToFirst(priorities.Count);
        }

        var loads = priorities.Select(p => (int)(100L * p.Hosts / hosts)).ToArray();
        loads[Array.FindIndex([.. priorities], static p => p.Hosts > 0)] += 100 - loads.Sum();
        return loads;
    }

    private static int[] AllToFirst(int count)
    {
        var loads = new int[count];
        loads[0] = 100;
        return loads;
    }
}
