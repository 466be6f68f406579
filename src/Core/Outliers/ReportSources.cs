using System.Collections.Immutable;

namespace Mesh.Core.Outliers;

/// <summary>Adds up who saw the failures of two periods. Sums stay sums: what has no name, or no place among the named, is kept under no name.</summary>
internal static class ReportSources
{
    /// <summary>The sources of both periods.</summary>
    /// <param name="earlier">What arrived first.</param>
    /// <param name="earlierEnded">Which of its tails the later period ended.</param>
    /// <param name="later">What arrived after it.</param>
    /// <param name="laterEnded">Which of its tails the earlier period ended.</param>
    public static ImmutableArray<ReportSource> Join(
        EndpointObservation earlier, EndedTails earlierEnded, EndpointObservation later, EndedTails laterEnded)
    {
        if (IsNothing(earlier) && IsNothing(later))
        {
            return [];
        }

        var a = Named(earlier, earlierEnded);
        var b = Named(later, laterEnded);
        return b.IsEmpty ? a : a.IsEmpty ? b : Add(a, b);
    }

    private static bool IsNothing(EndpointObservation observation) => observation.Sources.IsDefaultOrEmpty;

    /// <summary>A period's sources with what is left of their tails; failures that nobody is named for are one source without a name.</summary>
    private static ImmutableArray<ReportSource> Named(EndpointObservation observation, EndedTails ended)
    {
        var seen = ObservationCounts.Of(observation);
        if (IsNothing(observation))
        {
            return seen.Failed == 0
                ? []
                : [new("", seen.Failed, ended.Leave(new(seen.AnyTail ?? 0, seen.AnyGatewayTail ?? 0, seen.AnyLocalTail ?? 0)))];
        }

        return observation.Sources.All(source => ended.Leave(Tail(source, seen)) == source.Run)
            ? observation.Sources
            : [.. observation.Sources.Select(source => source with { Run = ended.Leave(Tail(source, seen)) })];
    }

    /// <summary>Where nothing succeeded all that a proxy saw is its tail, also when it cannot tell the order.</summary>
    private static FailureRuns Tail(ReportSource source, ObservationCounts seen) =>
        seen.EndsRun || source.Run.Consecutive5xx == source.Failed ? source.Run : source.Run with { Consecutive5xx = source.Failed };

    private static ImmutableArray<ReportSource> Add(ImmutableArray<ReportSource> left, ImmutableArray<ReportSource> right)
    {
        // Those on the left are different proxies already, the one without a name last: only what is new has to be looked for.
        var named = left[^1].Proxy.Length == 0 ? left.Length - 1 : left.Length;
        var joined = ImmutableArray.CreateBuilder<ReportSource>(named + right.Length + 1);
        joined.AddRange(left, named);
        var rest = named < left.Length ? left[^1] : new ReportSource("", 0, FailureRuns.None);
        foreach (var source in right.AsSpan())
        {
            Put(source);
        }

        if (rest.Failed > 0)
        {
            joined.Add(rest);
        }

        return joined.DrainToImmutable();

        void Put(ReportSource source)
        {
            var at = source.Proxy.Length == 0 ? -1 : IndexOf(joined, source.Proxy);
            if (at >= 0)
            {
                joined[at] = Sum(joined[at], source);
            }
            else if (source.Proxy.Length == 0 || joined.Count >= EndpointObservation.MostSources)
            {
                rest = Sum(rest, source);
            }
            else
            {
                joined.Add(source);
            }
        }
    }

    private static int IndexOf(ImmutableArray<ReportSource>.Builder sources, string proxy)
    {
        for (var i = 0; i < sources.Count; i++)
        {
            if (string.Equals(sources[i].Proxy, proxy, StringComparison.Ordinal))
            {
                return i;
            }
        }

        return -1;
    }

    private static ReportSource Sum(ReportSource left, ReportSource right) => new(
        left.Proxy,
        Saturating.Add(left.Failed, right.Failed),
        new(Saturating.Add(left.Run.Consecutive5xx, right.Run.Consecutive5xx),
            Saturating.Add(left.Run.ConsecutiveGatewayFailure, right.Run.ConsecutiveGatewayFailure),
            Saturating.Add(left.Run.ConsecutiveLocalOriginFailure, right.Run.ConsecutiveLocalOriginFailure)));
}

/// <summary>Which of a period's tails are none any more.</summary>
internal readonly record struct EndedTails(bool Any, bool Gateway, bool Local)
{
    /// <summary>What is left of a source's part in them.</summary>
    public FailureRuns Leave(FailureRuns run) => (Any, Gateway, Local) == (false, false, false)
        ? run
        : new(Any ? 0 : run.Consecutive5xx, Gateway ? 0 : run.ConsecutiveGatewayFailure, Local ? 0 : run.ConsecutiveLocalOriginFailure);
}
