using System.Diagnostics;
using Mesh.Demo.Actors;
using Mesh.Demo.Backend;

namespace Mesh.Demo.Story;

/// <summary>What one failure and healing of a backend took; null where it did not happen in time.</summary>
/// <param name="Backend">Which.</param>
/// <param name="Out">From its first failing answer to the last request that any proxy sent it.</param>
/// <param name="Back">From its healing to the first request of the last proxy that sends it some again.</param>
/// <param name="Answers503">How many failing answers it gave.</param>
internal sealed record Round(string Backend, TimeSpan? Out, TimeSpan? Back, long Answers503);

/// <summary>
/// Reads a round out of what the backend itself saw. A proxy has turned away when it sends nothing for a while in which a steady load would
/// have brought dozens of requests; the moment counted is that of its last request. So the measure depends on nothing that the control plane
/// or a proxy says of itself.
/// </summary>
internal static class Rounds
{
    /// <summary>At 200 requests a second over three backends a request comes each 15 ms.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(400);

    private static readonly TimeSpan OutLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BackLimit = TimeSpan.FromSeconds(20);

    public static async Task<Round> Play(
        BackendProcess backend, IReadOnlyList<string> proxies, TimeSpan hold, Action<TimeSpan?> wentOut, Action healed, CancellationToken cancel)
    {
        var before = (await backend.State(cancel)).Proxies.Values.Sum(seen => seen.Failed);
        await backend.Fail(cancel);
        var isOut = await Until(OutLimit, async () => IsQuiet(await backend.State(cancel), proxies), cancel);
        wentOut(isOut ? OutOf(await backend.Report(cancel), proxies) : null);
        await Task.Delay(hold, cancel);
        await backend.Heal(cancel);
        healed();
        await Until(BackLimit, async () => IsBack(await backend.State(cancel), proxies), cancel);
        return Read(backend.Id, await backend.Report(cancel), proxies, before);
    }

    /// <summary>What a report says of a round.</summary>
    public static Round Read(string backend, Sighting report, IReadOnlyList<string> proxies, long failedBefore = 0) => new(
        backend, OutOf(report, proxies), BackOf(report, proxies), report.Proxies.Values.Sum(seen => seen.Failed) - failedBefore);

    private static bool IsQuiet(Sighting state, IReadOnlyList<string> proxies) =>
        state.FirstFailure is not null && proxies.All(proxy => state.Proxies.TryGetValue(proxy, out var seen) && Stopwatch.GetElapsedTime(seen.Last) >= Quiet);

    private static bool IsBack(Sighting state, IReadOnlyList<string> proxies) =>
        state.HealedAt is { } healed && proxies.All(proxy => state.Proxies.TryGetValue(proxy, out var seen) && seen.Last > healed);

    private static TimeSpan? OutOf(Sighting report, IReadOnlyList<string> proxies)
    {
        var last = proxies.Select(proxy => LastBeforeQuiet(report.Proxies[proxy].Arrivals)).ToList();
        // A proxy that sent the failing backend nothing at all had nothing to turn away from.
        return report.FirstFailure is { } first && last.All(each => each.Found)
            ? Stopwatch.GetElapsedTime(first, Math.Max(first, last.Max(each => each.At)))
            : null;
    }

    private static TimeSpan? BackOf(Sighting report, IReadOnlyList<string> proxies)
    {
        if (report.HealedAt is not { } healed)
        {
            return null;
        }

        var first = proxies.Select(proxy => report.Proxies[proxy].Arrivals.Where(at => at > healed).DefaultIfEmpty(-1).First()).ToList();
        return first.All(at => at > 0) ? Stopwatch.GetElapsedTime(healed, first.Max()) : null;
    }

    private static (bool Found, long At) LastBeforeQuiet(IReadOnlyList<long> arrivals)
    {
        if (arrivals.Count == 0)
        {
            return (true, 0);
        }

        for (var i = 0; i + 1 < arrivals.Count; i++)
        {
            if (Stopwatch.GetElapsedTime(arrivals[i], arrivals[i + 1]) >= Quiet)
            {
                return (true, arrivals[i]);
            }
        }

        // Nothing came after the last one: quiet enough if that is long ago.
        return (Stopwatch.GetElapsedTime(arrivals[^1]) >= Quiet, arrivals[^1]);
    }

    private static async Task<bool> Until(TimeSpan limit, Func<Task<bool>> condition, CancellationToken cancel)
    {
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < limit)
        {
            if (await condition())
            {
                return true;
            }

            await Task.Delay(40, cancel);
        }

        return false;
    }
}
