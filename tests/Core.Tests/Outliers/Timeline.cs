using FsCheck;
using FsCheck.Fluent;
using Mesh.Core.Outliers;

namespace Mesh.Core.Tests.Outliers;

/// <summary>One request of one proxy, as it really ended.</summary>
internal sealed record Request(int Proxy, DateTimeOffset Ended, Ending Ending);

/// <summary>
/// Requests of several proxies in the order in which they ended, reported by each proxy in periods of its own, which arrive in any order between
/// the proxies.
/// </summary>
internal static class Timeline
{
    /// <summary>A history: who sent what, in order; and who reports next, each time all that it has seen since, up to a lag.</summary>
    public static readonly Gen<(Request[] Requests, (int Proxy, int Lag)[] Reports)> Any = Of(Sequence.OneEnding);

    public static Gen<(Request[] Requests, (int Proxy, int Lag)[] Reports)> Of(Gen<Ending> ending) =>
        from requests in Gen.Choose(0, 3).Zip(ending).ArrayOf()
        from reports in Gen.Choose(0, 3).Zip(Gen.Choose(0, 8)).ArrayOf()
        select (requests.Select((request, i) => new Request(request.Item1, Given.At(i), request.Item2)).ToArray(), reports);

    /// <summary>What is told, in the order in which it arrives; at the end every proxy tells the rest.</summary>
    public static IEnumerable<Request[]> Periods(Request[] requests, (int Proxy, int Lag)[] reports)
    {
        var told = new int[4];
        foreach (var (proxy, lag) in reports.Concat(Enumerable.Range(0, 4).Select(proxy => (proxy, 0))))
        {
            var mine = requests.Where(request => request.Proxy == proxy).ToArray();
            var period = mine[told[proxy]..Math.Max(told[proxy], mine.Length - lag)];
            told[proxy] += period.Length;
            yield return period;
        }
    }

    public static EndpointObservation Observe(Request[] period)
    {
        var seen = Sequence.Observe([.. period.Select(request => request.Ending)]);
        var tail = period.Reverse().TakeWhile(request => request.Ending != Ending.Success).LastOrDefault();
        return seen with
        {
            LastSuccess = period.LastOrDefault(request => request.Ending == Ending.Success)?.Ended,
            RunBegan = tail?.Ended,
            Sources = seen.Failed == 0 ? [] : [new($"p{period[0].Proxy}", seen.Failed, Run(seen))],
        };
    }

    /// <summary>The run at the end of all that is known, by the time at which each request ended.</summary>
    public static FailureRuns Truth(IEnumerable<Request> known, bool split) =>
        Sequence.Count(known.OrderBy(request => request.Ended).Select(request => request.Ending), split);

    private static FailureRuns Run(EndpointObservation seen) =>
        new(seen.TrailingFailures ?? 0, seen.TrailingGatewayFailures ?? 0, seen.TrailingLocalOriginFailures ?? 0);
}
