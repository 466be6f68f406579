using System.Collections.Immutable;
using Mesh.Core.Policies;

namespace Mesh.Simulation.Queues;

/// <summary>A backend as a queue sees it: so many workers, one line in front of them.</summary>
/// <param name="Workers">Requests served at once.</param>
/// <param name="MeanSeconds">How long one is served for, on average.</param>
/// <param name="FailureShare">The share of requests that it fails, at once and without work; 0 to 1.</param>
public sealed record Station(int Workers, double MeanSeconds, double FailureShare = 0)
{
    /// <summary>Requests a second that it can serve.</summary>
    public double Capacity => Workers / MeanSeconds;
}

/// <summary>How a run's proxies pick.</summary>
public enum Balancing
{
    /// <summary>In turn, all alike.</summary>
    RoundRobin,

    /// <summary>Of two at random the one with fewer requests in flight, as each proxy counts for itself.</summary>
    LeastRequest,

    /// <summary>In turn, by weights that follow the load.</summary>
    AdaptiveRoundRobin,

    /// <summary>Least request, by weights that follow the load.</summary>
    AdaptiveLeastRequest,
}

/// <summary>How requests arrive.</summary>
public enum Arrivals
{
    /// <summary>One by one, independently.</summary>
    Poisson,

    /// <summary>The same on average, but half of the time at 1.5 times the pace and half of the time at half of it, in spells of 200 ms on average.</summary>
    Bursty,
}

/// <summary>How service times spread about their mean.</summary>
public enum ServiceTimes
{
    /// <summary>Exponential: a standard deviation as large as the mean.</summary>
    Exponential,

    /// <summary>Lognormal with sigma 0.6: the 99th percentile is 3.4 times the mean; what most services look like.</summary>
    Lognormal,

    /// <summary>Lognormal with sigma 1.2: a long tail, the 99th percentile is 8 times the mean.</summary>
    HeavyTailed,
}

/// <summary>One run of the queueing simulation. Times are in seconds.</summary>
public sealed record QueueOptions
{
    /// <summary>How the proxies pick.</summary>
    public required Balancing Balancing { get; init; }

    /// <summary>The backends at the start.</summary>
    public required ImmutableArray<Station> Stations { get; init; }

    /// <summary>What they turn into at <see cref="ChangeAt"/>; null when they stay as they are.</summary>
    public ImmutableArray<Station>? Changed { get; init; }

    /// <summary>When they change.</summary>
    public double ChangeAt { get; init; } = double.PositiveInfinity;

    /// <summary>Requests a second, over all proxies.</summary>
    public required double Rate { get; init; }

    /// <summary>How many proxies share them.</summary>
    public int Proxies { get; init; } = 10;

    /// <summary>How they arrive.</summary>
    public Arrivals Arrivals { get; init; }

    /// <summary>How long they are served for.</summary>
    public ServiceTimes ServiceTimes { get; init; } = ServiceTimes.Lognormal;

    /// <summary>Requests that may wait at a backend; one more is answered 503 at once.</summary>
    public int QueueLimit { get; init; } = 64;

    /// <summary>When the run ends.</summary>
    public double Seconds { get; init; } = 60;

    /// <summary>From when on requests are measured.</summary>
    public double MeasureFrom { get; init; } = 20;

    /// <summary>How often a proxy reports.</summary>
    public double ReportEvery { get; init; } = 1;

    /// <summary>How often the gateway passes on what its proxies reported.</summary>
    public double GatewayEvery { get; init; } = 1;

    /// <summary>Whether proxies tell latencies, as ours do; if not, the controller has counts and requests in flight alone, as from Envoy.</summary>
    public bool ReportsLatency { get; init; } = true;

    /// <summary>How long a report is under way, and a push of weights; each varies between half and one and a half of it.</summary>
    public double Delay { get; init; } = 0.03;

    /// <summary>The bounds of the controller.</summary>
    public AdaptiveWeights Policy { get; init; } = new();
}
