using System.Collections.Immutable;
using System.Diagnostics;
using System.Net.Http.Json;
using Mesh.Api;
using Mesh.Simulation.Queues;

namespace Mesh.Bench.Verdicts.Processes;

/// <summary>What requests met under one way of balancing.</summary>
/// <param name="P50">Half of the answered requests took no longer; milliseconds.</param>
/// <param name="P99">99 of 100; milliseconds.</param>
/// <param name="ErrorPercent">Requests that were not answered well.</param>
/// <param name="Mean">The mean response time in milliseconds, by the second in which requests began.</param>
/// <param name="Settling">How the weights came to rest after the change.</param>
internal sealed record ProcessQueueResult(
    double P50, double P99, double ErrorPercent, IReadOnlyList<(double Second, double Milliseconds)> Mean, Settling Settling);

/// <summary>
/// Point 4's experiment with real processes: eight workloads, of which one becomes three times slower and one loses half of its workers. Five times
/// slower throughout than the simulation's, so that two cores carry the requests that bring it to the same load.
/// </summary>
/// <param name="Plane">The control plane.</param>
/// <param name="Fleet">The proxies.</param>
/// <param name="Backends">The workloads.</param>
/// <param name="Quick">Shorter.</param>
internal sealed record ProcessQueues(ControlPlane Plane, ProxyFleet Fleet, Backends Backends, bool Quick)
{
    private const double Load = 0.7;
    private const double Slower = 5;
    private const int QueueLimit = 64;

    /// <summary>How it goes, for the simulation too.</summary>
    public QueueOptions Options(Balancing balancing) => new()
    {
        Balancing = balancing,
        Stations = [.. QueueExperiment.Healthy.Select(Slow)],
        Changed = [.. QueueExperiment.Degraded.Select(Slow)],
        ChangeAt = Quick ? 5 : 10,
        MeasureFrom = Quick ? 17 : 22,
        Seconds = Quick ? 30 : 60,
        Rate = Load * QueueExperiment.Capacity / Slower,
        Proxies = Fleet.Addresses.Count,
        QueueLimit = QueueLimit,
    };

    /// <summary>Requests a second.</summary>
    public double Rate => Options(Balancing.RoundRobin).Rate;

    /// <summary>Runs it once, with a service of its own.</summary>
    public async Task<ProcessQueueResult> Run(string service, Balancing balancing, int seed)
    {
        var options = Options(balancing);
        await Register(service, balancing);
        Become(options.Stations, seed);
        int[] changed = [.. Enumerable.Range(0, options.Stations.Length).Where(i => options.Stations[i] != options.Changed!.Value[i])];
        var clock = Stopwatch.StartNew();
        await using var load = new OpenLoad(Fleet.Addresses, service, options.Rate, seed);
        List<(double, ImmutableArray<double>)> weights = [];
        await Watch(service, clock, options.ChangeAt, weights);
        Become(options.Changed!.Value, seed + 100);
        await Watch(service, clock, options.Seconds, weights);
        var ended = load.Ended;
        var measured = ended.Where(request => request.At >= options.MeasureFrom).ToList();
        var took = measured.Where(request => request.Ok).Select(request => request.Seconds * 1000).Order().ToArray();
        return new(
            At(took, 0.5),
            At(took, 0.99),
            100.0 * measured.Count(request => !request.Ok) / Math.Max(1, measured.Count),
            [.. ended.Where(request => request.Ok && request.At < options.Seconds - 3).GroupBy(request => Math.Floor(request.At)).OrderBy(g => g.Key).Select(g => (g.Key, 1000 * g.Average(r => r.Seconds)))],
            Settling.Of(weights, options.ChangeAt, options.Seconds, changed));
    }

    /// <summary>Some seconds of the same load, for runtimes to compile what all runs use.</summary>
    public async Task WarmUp()
    {
        await Register("warm-up", Balancing.LeastRequest);
        Become(Options(Balancing.LeastRequest).Stations, 0);
        await using var load = new OpenLoad(Fleet.Addresses, "warm-up", Rate, 0);
        await Task.Delay(TimeSpan.FromSeconds(10));
    }

    private static Station Slow(Station station) => station with { MeanSeconds = station.MeanSeconds * Slower };

    private static double At(double[] ordered, double share) =>
        ordered.Length == 0 ? double.NaN : ordered[Math.Min(ordered.Length - 1, (int)Math.Ceiling(share * ordered.Length) - 1)];

    /// <summary>Notes the weights in force, in percent of the configured ones, twice a second until a time.</summary>
    private async Task Watch(string service, Stopwatch clock, double until, List<(double At, ImmutableArray<double> Factors)> weights)
    {
        while (clock.Elapsed.TotalSeconds < until)
        {
            var page = await Plane.Rest.GetFromJsonAsync<Page<EndpointDetail>>($"/v1/services/default/{service}/endpoints");
            weights.Add((clock.Elapsed.TotalSeconds, [.. page!.Items.OrderBy(static e => e.Port).Select(static e => 100 * e.EffectiveWeight / e.Weight)]));
            await Task.Delay(TimeSpan.FromSeconds(Math.Clamp(until - clock.Elapsed.TotalSeconds, 0, 0.5)));
        }
    }

    private void Become(IReadOnlyList<Station> stations, int seed)
    {
        for (var i = 0; i < stations.Count; i++)
        {
            Backends.All[i].Serve = new Workers(stations[i], QueueLimit, seed + i).Serve;
        }
    }

    private async Task Register(string service, Balancing balancing)
    {
        var balancer = new Dictionary<string, object>
        {
            ["simple"] = balancing is Balancing.LeastRequest or Balancing.AdaptiveLeastRequest ? "LEAST_REQUEST" : "ROUND_ROBIN",
        };
        if (balancing is Balancing.AdaptiveRoundRobin or Balancing.AdaptiveLeastRequest)
        {
            balancer["adaptiveWeights"] = new { };
        }

        // What slow endpoints are worth is the question here, not whether to send them away.
        var traffic = new { loadBalancer = balancer, outlierDetection = new { maxEjectionPercent = 0 } };
        await Services.Register(Plane, service, traffic, Backends.All.Take(QueueExperiment.Healthy.Length));
    }
}
