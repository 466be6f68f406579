using System.Collections.Immutable;

namespace Mesh.Simulation.Queues;

/// <summary>How one policy did.</summary>
/// <param name="Balancing">The policy.</param>
/// <param name="Proxies">How many proxies shared the requests.</param>
/// <param name="Load">Requests, as a share of what the backends can serve together after the change.</param>
/// <param name="P50">Half of the answered requests took no longer; milliseconds.</param>
/// <param name="P99">99 of 100; milliseconds.</param>
/// <param name="Mean">On average; milliseconds.</param>
/// <param name="ErrorPercent">Requests that were answered 503.</param>
/// <param name="Settling">How the weights came to rest; null where they do not move.</param>
/// <param name="Pushes">How often weights were pushed in all of the run.</param>
/// <param name="Series">Factors and response time by second.</param>
public sealed record QueueRow(
    Balancing Balancing, int Proxies, double Load, double P50, double P99, double Mean, double ErrorPercent,
    Settling? Settling, int Pushes, QueueSeries Series);

/// <summary>A run, second by second.</summary>
/// <param name="Factors">Percent, by second and backend; empty where weights do not move.</param>
/// <param name="MeanMilliseconds">The mean response time of the requests that began in each second.</param>
public sealed record QueueSeries(ImmutableArray<ImmutableArray<double>> Factors, ImmutableArray<double> MeanMilliseconds);

/// <summary>
/// Eight backends with four workers each and 10 ms a request. At second 20 one of them becomes three times slower and one loses half of its
/// workers. From second 32 on it is measured what requests meet: by then weights that follow the load have had their 10 s to settle.
/// </summary>
public static class QueueExperiment
{
    /// <summary>When the backends change.</summary>
    public const double ChangeAt = 20;

    private const double MeasureFrom = 32;
    private const double End = 80;

    /// <summary>All alike.</summary>
    public static ImmutableArray<Station> Healthy { get; } = [.. Enumerable.Repeat(new Station(4, 0.01), 8)];

    /// <summary>One at a third of the speed, one at half of the capacity.</summary>
    public static ImmutableArray<Station> Degraded { get; } = Healthy.SetItem(0, new Station(4, 0.03)).SetItem(1, new Station(2, 0.01));

    /// <summary>Requests a second that the backends can serve after the change.</summary>
    public static double Capacity { get; } = Degraded.Sum(station => station.Capacity);

    /// <summary>One policy at one load.</summary>
    public static QueueRow Run(
        int seed, Balancing balancing, int proxies, double load, Arrivals arrivals = Arrivals.Poisson, ServiceTimes times = ServiceTimes.Lognormal) =>
        Run(seed, load, new QueueOptions
        {
            Balancing = balancing,
            Stations = Healthy,
            Changed = Degraded,
            ChangeAt = ChangeAt,
            Rate = load * Capacity,
            Proxies = proxies,
            Arrivals = arrivals,
            ServiceTimes = times,
            Seconds = End,
            MeasureFrom = MeasureFrom,
        });

    /// <summary>Any run with a change in it.</summary>
    public static QueueRow Run(int seed, double load, QueueOptions options)
    {
        var weights = options.Balancing is Balancing.AdaptiveRoundRobin or Balancing.AdaptiveLeastRequest
            ? new ControlledWeights(options.Stations.Length, options.Policy)
            : null;
        var run = new QueueRun(seed, options, weights);
        run.Run();
        var record = run.Recorder;
        var latencies = record.Latencies.Order().ToArray();
        return new QueueRow(
            options.Balancing,
            options.Proxies,
            load,
            At(latencies, 0.5) * 1000,
            At(latencies, 0.99) * 1000,
            latencies.DefaultIfEmpty(0).Average() * 1000,
            100.0 * record.Failed / Math.Max(1, record.Failed + latencies.Length),
            weights is null ? null : Settling.Of(record.Trajectory, options.ChangeAt, options.Seconds, Changed(options)),
            weights?.Publishes ?? 0,
            new([.. record.Trajectory.Select(point => point.Factors)], [.. record.MeanBySecond().Select(seconds => seconds * 1000)]));
    }

    /// <summary>All policies at several loads: the table.</summary>
    public static IReadOnlyList<QueueRow> Sweep(int seed, IEnumerable<int> proxies, IEnumerable<double> loads) =>
        [.. from count in proxies from load in loads from balancing in Enum.GetValues<Balancing>() select Run(seed, balancing, count, load)];

    private static int[] Changed(QueueOptions options) =>
        [.. Enumerable.Range(0, options.Stations.Length).Where(i => options.Changed is { } changed && changed[i] != options.Stations[i])];

    private static double At(double[] ordered, double share) =>
        ordered.Length == 0 ? 0 : ordered[Math.Min(ordered.Length - 1, (int)Math.Ceiling(share * ordered.Length) - 1)];
}
