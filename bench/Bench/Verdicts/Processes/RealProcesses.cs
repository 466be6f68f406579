using System.Globalization;
using Mesh.Simulation.Experiments;

namespace Mesh.Bench.Verdicts.Processes;

/// <summary>
/// Point 5: point 1 with real processes. The proxies that judge for themselves are the same program with <c>--detection local</c>: what the mesh
/// decides is pushed to them too, and they do not act on it.
/// </summary>
internal sealed class RealProcesses : IVerdictPoint
{
    private const int Proxies = 10;
    private const int Endpoints = 20;

    // What two cores carry, with the load's source and the workloads on them too.
    private const double Rate = 400;

    public int Number => 5;

    public string Title => string.Create(
        CultureInfo.InvariantCulture, $"Point 1 with real processes: {Proxies} mesh-proxy, {Endpoints} workloads over HTTP, one mesh-silo, {Rate} requests/s in all");

    public async Task<VerdictOutcome> Run(VerdictContext context)
    {
        var rounds = context.Quick ? 2 : 10;
        await using var backends = await Backends.Start(Endpoints);
        using var plane = await ControlPlane.Start(context.Silo);
        var mesh = await Rounds(context, plane, backends, "mesh", rounds);
        var each = await Rounds(context, plane, backends, "local", rounds);
        var setup = new DetectionSetup { Policy = OneFails.Policy, Proxies = Proxies, Endpoints = Endpoints, RequestsPerSecond = Rate };
        var seeds = context.Quick ? 4 : 40;
        var simulatedMesh = Seeds.Each(context.Seed, seeds, seed => setup.Run(seed, perProxy: false));
        var simulatedEach = Seeds.Each(context.Seed, seeds, seed => setup.Run(seed, perProxy: true));
        var explained = mesh.Count(run => run.IsExplained);
        return new VerdictOutcome(
        [
            .. Compare("mesh-wide", mesh, simulatedMesh),
            .. Compare("each proxy for itself", each, simulatedEach),
            new("ejections explained by the ledger, with figures that add up", $"{explained} of {rounds}", "all", explained == rounds),
        ])
        {
            Charts =
            [
                new("5. Failed requests since one endpoint of 20 began to fail, real processes", "s", "failed requests",
                    [new("each proxy for itself", each[0].Curve), new("mesh-wide", [.. mesh[0].Curve, (each[0].Curve[^1].Seconds, mesh[0].Failed)])]),
            ],
            Notes = [.. mesh.Where(run => run.Entry is not null).Take(1).Select(run => $"as meshctl explain says it: {Text(run)}")],
        };
    }

    private static async Task<List<ProcessDetectionResult>> Rounds(VerdictContext context, ControlPlane plane, Backends backends, string detection, int rounds)
    {
        context.Say($"{Proxies} proxies, --detection {detection}: {rounds} rounds of some seconds each");
        await using var fleet = await ProxyFleet.Start(ProxyFleet.Beside(context.Silo), Proxies, plane.Grpc, detection);
        var run = new ProcessDetection(plane, fleet, backends, Rate);

        // The first is not counted: in it the runtimes compile what all others use.
        await run.Run($"{detection}-first", (int)context.Seed);
        var results = new List<ProcessDetectionResult>();
        for (var i = 0; i < rounds; i++)
        {
            results.Add(await run.Run(string.Create(CultureInfo.InvariantCulture, $"{detection}-{i}"), (int)context.Seed + 1 + i));
        }

        return results;
    }

    private static IEnumerable<VerdictRow> Compare(string who, List<ProcessDetectionResult> real, DetectionResult[] simulated)
    {
        var (ours, theirs) = (Spread.Of(real.Select(run => (double)run.Failed)).Median, Spread.Of(simulated.Select(run => (double)run.Failed)).Median);
        var times = Math.Max(ours, theirs) / Math.Max(1, Math.Min(ours, theirs));
        yield return new($"failed requests until it is gone everywhere, {who}", Seeds.Of(real.Select(run => (double)run.Failed)));
        yield return new("  simulated with as many proxies and requests", Seeds.Of(simulated.Select(run => (double)run.Failed)));
        yield return new(
            "  the medians apart by a factor of", times.ToString("0.00", CultureInfo.InvariantCulture), "at most 2", times <= 2 && real.All(run => run.Gone is not null));
        yield return new(
            $"time until the last of them, {who}", Seeds.Of(real.Where(run => run.Gone is not null).Select(run => run.Gone!.Value.TotalMilliseconds), " ms", "0"));
        yield return new(
            "  simulated, until it is gone everywhere",
            Seeds.Of(simulated.Where(run => run.Gone is not null).Select(run => run.Gone!.Value.TotalMilliseconds), " ms", "0"));
    }

    private static string Text(ProcessDetectionResult run)
    {
        var evidence = run.Entry!.Evidence!;
        var sources = string.Join(", ", evidence.Sources.Select(source => $"{source.Proxy} {source.Count}"));
        return string.Create(CultureInfo.InvariantCulture, $"{run.Entry.Endpoint} {evidence.Statement}; seen by {sources}, together {evidence.SourcesTotal}");
    }
}
