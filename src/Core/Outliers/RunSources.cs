using System.Collections.Immutable;

namespace Mesh.Core.Outliers;

/// <summary>Keeps account of who saw the failures of a run. What reporters claim beyond the run is cut off, so that the parts never exceed the whole.</summary>
internal static class RunSources
{
    /// <summary>The sources after one more period.</summary>
    /// <param name="sources">Those before.</param>
    /// <param name="kept">The runs that go on; 0 for those that the period ended.</param>
    /// <param name="observation">What was seen in the period.</param>
    /// <param name="added">What it adds to the runs.</param>
    /// <param name="split">Whether local-origin failures are split off.</param>
    public static ImmutableArray<RunSource> Join(
        ImmutableArray<RunSource> sources, FailureRuns kept, EndpointObservation observation, FailureRuns added, bool split)
    {
        var left = Keep(sources, kept);
        if (observation.Sources.IsDefaultOrEmpty || added.Longest() == 0)
        {
            return left;
        }

        var joined = left.ToBuilder();
        var (any, gateway, local) = (added.Consecutive5xx, added.ConsecutiveGatewayFailure, added.ConsecutiveLocalOriginFailure);
        foreach (var source in observation.Sources)
        {
            var seen = Part(source, observation.Succeeded > 0, split);
            var part = new RunSource(
                source.Proxy, Take(ref any, seen.Consecutive5xx), Take(ref gateway, seen.ConsecutiveGatewayFailure), Take(ref local, seen.ConsecutiveLocalOriginFailure));
            Add(joined, part);
        }

        return joined.ToImmutable();
    }

    private static ImmutableArray<RunSource> Keep(ImmutableArray<RunSource> sources, FailureRuns kept)
    {
        if (sources.IsEmpty || kept.Longest() == 0)
        {
            return [];
        }

        return sources.All(source => Keep(source, kept) == source)
            ? sources
            : [.. sources.Select(source => Keep(source, kept)).Where(source => !IsNothing(source))];
    }

    private static RunSource Keep(RunSource source, FailureRuns kept) => source with
    {
        Consecutive5xx = kept.Consecutive5xx > 0 ? source.Consecutive5xx : 0,
        ConsecutiveGatewayFailure = kept.ConsecutiveGatewayFailure > 0 ? source.ConsecutiveGatewayFailure : 0,
        ConsecutiveLocalOriginFailure = kept.ConsecutiveLocalOriginFailure > 0 ? source.ConsecutiveLocalOriginFailure : 0,
    };

    private static FailureRuns Part(ReportSource source, bool ended, bool split)
    {
        var any = ended ? source.Run.Consecutive5xx : source.Failed;
        var local = Math.Max(0, source.Run.ConsecutiveLocalOriginFailure);
        var gateway = Math.Max(0, source.Run.ConsecutiveGatewayFailure);
        return split ? new(any - local, gateway, local) : new(any, Saturating.Add(gateway, local), local);
    }

    private static long Take(ref long left, long wanted)
    {
        var taken = Math.Clamp(wanted, 0, left);
        left -= taken;
        return taken;
    }

    private static void Add(ImmutableArray<RunSource>.Builder sources, RunSource part)
    {
        if (part.Proxy.Length == 0 || IsNothing(part))
        {
            return;
        }

        for (var i = 0; i < sources.Count; i++)
        {
            if (string.Equals(sources[i].Proxy, part.Proxy, StringComparison.Ordinal))
            {
                sources[i] = new(
                    part.Proxy,
                    Saturating.Add(sources[i].Consecutive5xx, part.Consecutive5xx),
                    Saturating.Add(sources[i].ConsecutiveGatewayFailure, part.ConsecutiveGatewayFailure),
                    Saturating.Add(sources[i].ConsecutiveLocalOriginFailure, part.ConsecutiveLocalOriginFailure));
                return;
            }
        }

        if (sources.Count < EndpointObservation.MostSources)
        {
            sources.Add(part);
        }
    }

    private static bool IsNothing(RunSource source) =>
        source is { Consecutive5xx: 0, ConsecutiveGatewayFailure: 0, ConsecutiveLocalOriginFailure: 0 };
}
