using System.Diagnostics;
using System.Net.Http.Json;
using Mesh.Api;

namespace Mesh.Bench.Verdicts.Processes;

/// <summary>What came of one endpoint's failing, with real processes.</summary>
/// <param name="Failed">Requests that reached it from then on.</param>
/// <param name="Gone">From then to the last of them; null when it was still used at the end.</param>
/// <param name="Callers">Requests of callers that failed in that time.</param>
/// <param name="Curve">Failed requests so far, by seconds.</param>
internal sealed record ProcessDetectionResult(long Failed, TimeSpan? Gone, int Callers, IReadOnlyList<(double Seconds, double Failed)> Curve)
{
    /// <summary>What the control plane wrote of its ejection; null when it wrote nothing.</summary>
    public LedgerEntryView? Entry { get; init; }

    /// <summary>Whether the entry's figures add up, and claim no more than happened.</summary>
    public bool IsExplained => Entry?.Evidence is { } evidence
        && (evidence.Sources.Count == 0 || evidence.SourcesTotal == evidence.Count)
        && evidence.Count >= evidence.Threshold
        && evidence.Count <= Failed;
}

/// <summary>One endpoint of many begins to fail every request, seen by proxies that are processes and call real workloads.</summary>
/// <param name="Plane">The control plane.</param>
/// <param name="Fleet">The proxies.</param>
/// <param name="Backends">The workloads.</param>
/// <param name="Rate">Requests a second, over all proxies.</param>
internal sealed record ProcessDetection(ControlPlane Plane, ProxyFleet Fleet, Backends Backends, double Rate)
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    // Shorter than the default policy's first ejection, after which each proxy would try it again.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(25);

    /// <summary>Runs it once, with a service of its own, so that nothing is left of the runs before.</summary>
    public async Task<ProcessDetectionResult> Run(string service, int seed)
    {
        await Services.Register(Plane, service, new { loadBalancer = new { simple = "RANDOM" } }, Backends.All);
        await using var load = new OpenLoad(Fleet.Addresses, service, Rate, seed);
        await Task.Delay(WarmUp);
        var victim = Backends.All[new Random(seed).Next(Backends.All.Length)];
        var (before, failedBefore) = (victim.Hits, load.Ended.Count(request => !request.Ok));
        var clock = Stopwatch.StartNew();
        victim.Break();
        try
        {
            return await Watch(service, victim, before, failedBefore, load, clock) with { Entry = await Explain(service, victim) };
        }
        finally
        {
            victim.Heal();
        }
    }

    private async Task<ProcessDetectionResult> Watch(
        string service, BackendPort victim, long before, int failedBefore, OpenLoad load, Stopwatch clock)
    {
        var curve = new List<(double, double)> { (0, 0) };
        var (hits, last, look) = (0L, TimeSpan.Zero, TimeSpan.Zero);
        var gone = false;
        while (!gone && clock.Elapsed < Limit)
        {
            await Task.Delay(5);
            if (victim.Hits - before is var now && now > hits)
            {
                (hits, last, look) = (now, clock.Elapsed, clock.Elapsed + Quiet);
                curve.Add((last.TotalSeconds, hits));
            }
            else if (hits > 0 && clock.Elapsed > look)
            {
                gone = await Fleet.Using(service, victim.Port) == 0 && victim.Hits - before == hits;
                look = clock.Elapsed + Quiet;
            }
        }

        return new(hits, gone ? last : null, load.Ended.Count(request => !request.Ok) - failedBefore, curve);
    }

    private async Task<LedgerEntryView?> Explain(string service, BackendPort victim)
    {
        var page = await Plane.Rest.GetFromJsonAsync<Page<LedgerEntryView>>($"/v1/services/default/{service}/ledger?endpoint=e{victim.Port}&kind=Ejected");
        return page?.Items.MinBy(static entry => entry.Number);
    }
}
