namespace Mesh.Core.Policies;

/// <summary>Outlier detection; names and defaults are Envoy's.</summary>
public sealed record OutlierDetection
{
    /// <summary>5xx in a row that eject; 0 turns it off.</summary>
    public int Consecutive5xx { get; init; } = 5;

    /// <summary>502, 503 and 504 in a row that eject; 0 turns it off, as it is by default.</summary>
    public int ConsecutiveGatewayFailure { get; init; }

    /// <summary>Connect failures, resets and time-outs in a row that eject, when split from the others; 0 turns it off.</summary>
    public int ConsecutiveLocalOriginFailure { get; init; } = 5;

    /// <summary>The chance in percent that <see cref="Consecutive5xx"/> is acted on; what is not is recorded.</summary>
    public int EnforcingConsecutive5xx { get; init; } = 100;

    /// <summary>The same for <see cref="ConsecutiveGatewayFailure"/>. Envoy's default is 0 with a threshold of 5; here the threshold is 0 instead.</summary>
    public int EnforcingConsecutiveGatewayFailure { get; init; } = 100;

    /// <summary>The same for <see cref="ConsecutiveLocalOriginFailure"/>.</summary>
    public int EnforcingConsecutiveLocalOriginFailure { get; init; } = 100;

    /// <summary>Count local-origin failures apart from the upstream's own answers.</summary>
    public bool SplitExternalLocalOriginErrors { get; init; }

    /// <summary>How often ejections are looked at, and how long a healthy stay is that shrinks the multiplier by one.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The first ejection's length; the n-th in a row lasts n times as long.</summary>
    public TimeSpan BaseEjectionTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>No ejection is longer, but for jitter; at least the base.</summary>
    public TimeSpan MaxEjectionTime { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>Up to this much is added at random to each ejection.</summary>
    public TimeSpan MaxEjectionTimeJitter { get; init; } = TimeSpan.Zero;

    /// <summary>The mesh-wide budget: at most this share of the endpoints is ejected at a time, in percent, 0 to 100.</summary>
    public int MaxEjectionPercent { get; init; } = 10;

    /// <summary>Eject one even where the percentage would allow none.</summary>
    public bool AlwaysEjectOneHost { get; init; }

    /// <summary>Below this share of endpoints in rotation nothing is ejected, in percent (Istio's minHealthPercent); 0 turns it off.</summary>
    public int MinHealthPercent { get; init; }

    /// <summary>How many endpoints need <see cref="SuccessRateRequestVolume"/> before success rates are compared.</summary>
    public int SuccessRateMinimumHosts { get; init; } = 5;

    /// <summary>Requests within an interval, mesh-wide, before an endpoint's success rate says anything.</summary>
    public int SuccessRateRequestVolume { get; init; } = 100;

    /// <summary>How many thousandths of a standard deviation below the mean are too much.</summary>
    public int SuccessRateStdevFactor { get; init; } = 1900;

    /// <summary>The chance in percent that a success rate too low is acted on.</summary>
    public int EnforcingSuccessRate { get; init; } = 100;

    /// <summary>The same for local-origin failures when they are split.</summary>
    public int EnforcingLocalOriginSuccessRate { get; init; } = 100;

    /// <summary>The share of failed requests, in percent, that is too much whatever the peers do.</summary>
    public int FailurePercentageThreshold { get; init; } = 85;

    /// <summary>How many endpoints need <see cref="FailurePercentageRequestVolume"/> before failure percentages count.</summary>
    public int FailurePercentageMinimumHosts { get; init; } = 5;

    /// <summary>Requests within an interval, mesh-wide, before an endpoint's failure percentage says anything.</summary>
    public int FailurePercentageRequestVolume { get; init; } = 50;

    /// <summary>The chance in percent that a failure percentage too high is acted on.</summary>
    public int EnforcingFailurePercentage { get; init; }

    /// <summary>The same for local-origin failures when they are split.</summary>
    public int EnforcingFailurePercentageLocalOrigin { get; init; }

    /// <summary>Which quantile of an endpoint's response times is compared, in percent, 50 to 99.</summary>
    public int LatencyQuantile { get; init; } = 95;

    /// <summary>How many hundredths of the peers' median the quantile may reach: 300 is three times.</summary>
    public int LatencyFactor { get; init; } = 300;

    /// <summary>A quantile that is no further than this above its peers' is never too much.</summary>
    public TimeSpan LatencyMinimumDifference { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How many endpoints need <see cref="LatencyRequestVolume"/> before latencies are compared.</summary>
    public int LatencyMinimumHosts { get; init; } = 5;

    /// <summary>Requests within an interval, mesh-wide, before an endpoint's latency says anything.</summary>
    public int LatencyRequestVolume { get; init; } = 100;

    /// <summary>The chance in percent that a latency too high is acted on; 0, as it is by default, only records it.</summary>
    public int EnforcingLatency { get; init; }

    /// <summary>
    /// False ejections that the sequential test may make for each endpoint and interval, in the mean, in parts of a million, 1 to 10,000.
    /// </summary>
    public int SequentialFalsePositivesPerMillion { get; init; } = 1;

    /// <summary>How many endpoints with traffic the sequential test needs.</summary>
    public int SequentialMinimumHosts { get; init; } = 3;

    /// <summary>The chance in percent that the sequential test's verdict is acted on.</summary>
    public int EnforcingSequential { get; init; } = 100;

    /// <summary>Whether passed active checks end an ejection before its time; Envoy's name and default.</summary>
    public bool SuccessfulActiveHealthCheckUnejectHost { get; init; } = true;
}
