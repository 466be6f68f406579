using System.Globalization;
using Mesh.Simulation.Queues;

namespace Mesh.Bench.Verdicts.Processes;

/// <summary>Point 5, the other half: point 4 with real processes.</summary>
internal sealed class RealQueues : IVerdictPoint
{
    private const int Proxies = 10;

    private static readonly (Balancing Balancing, string Name)[] Ways =
        [(Balancing.RoundRobin, "round robin"), (Balancing.LeastRequest, "least request"), (Balancing.AdaptiveLeastRequest, "adaptive weights")];

    public int Number => 5;

    public string Title => $"Point 4 with real processes: {Proxies} mesh-proxy, 8 workloads, one at a third of its speed, one at half of its capacity, 70 % load";

    public async Task<VerdictOutcome> Run(VerdictContext context)
    {
        await using var backends = await Backends.Start(QueueExperiment.Healthy.Length);
        using var plane = await ControlPlane.Start(context.Silo);
        await using var fleet = await ProxyFleet.Start(ProxyFleet.Beside(context.Silo), Proxies, plane.Grpc, "mesh");
        var queues = new ProcessQueues(plane, fleet, backends, context.Quick);
        await queues.WarmUp();
        var rows = new List<VerdictRow>();
        var series = new List<Series>();
        var p99 = new Dictionary<Balancing, double>();
        foreach (var (balancing, name) in Ways)
        {
            context.Say(string.Create(CultureInfo.InvariantCulture, $"{name}: {queues.Options(balancing).Seconds} s at {queues.Rate:0} requests/s"));
            var real = await queues.Run($"queues-{balancing}".ToLowerInvariant(), balancing, (int)context.Seed);
            var simulated = QueueExperiment.Run((int)context.Seed, 0, queues.Options(balancing));
            p99[balancing] = real.P99;
            series.Add(new(name, real.Mean));
            rows.Add(Row($"{name}: p50, p99, errors", real.P50, real.P99, real.ErrorPercent));
            rows.Add(Row("  simulated", simulated.P50, simulated.P99, simulated.ErrorPercent) with
            {
                Requirement = "within a factor of 2",
                Met = Agree(real.P50, simulated.P50) && Agree(real.P99, simulated.P99),
            });
            if (simulated.Settling is { } settling)
            {
                rows.Add(new(
                    "weights within 15 points of where they end, after", string.Create(CultureInfo.InvariantCulture, $"{real.Settling.Seconds:0.0} s, turning {real.Settling.Swings} times"),
                    "at most 10 s", real.Settling.Seconds <= 10));
                rows.Add(new("  simulated", string.Create(CultureInfo.InvariantCulture, $"{settling.Seconds:0.0} s, turning {settling.Swings} times")));
            }

        }

        var best = p99[Balancing.AdaptiveLeastRequest];
        rows.Add(new("adaptive p99 over that of round robin", Ratio(best / p99[Balancing.RoundRobin]), "at most 0.5", best <= p99[Balancing.RoundRobin] / 2));
        rows.Add(new("adaptive p99 over that of least request", Ratio(best / p99[Balancing.LeastRequest]), "below 1", best < p99[Balancing.LeastRequest]));
        return new VerdictOutcome(rows)
        {
            Charts = [new(string.Create(CultureInfo.InvariantCulture, $"5. Mean response time, real processes; two workloads get worse at second {queues.Options(Ways[0].Balancing).ChangeAt}"), "s", "ms", series)],
        };
    }

    private static bool Agree(double a, double b) => a <= 2 * b && b <= 2 * a;

    private static string Ratio(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    private static VerdictRow Row(string name, double p50, double p99, double errors) =>
        new(name, string.Create(CultureInfo.InvariantCulture, $"{p50:0} ms, {p99:0} ms, {errors:0.0} %"));
}
