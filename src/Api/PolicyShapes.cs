namespace Mesh.Api;

/// <summary>The policy in force. What is null is not used.</summary>
public sealed record TrafficPolicyView(
    string? Source, string LoadBalancer, OutlierDetectionView OutlierDetection, ConnectionPoolView ConnectionPool)
{
    /// <summary>What a ring hash hashes.</summary>
    public ConsistentHashView? ConsistentHash { get; init; }

    /// <summary>Checks by the control plane.</summary>
    public HealthCheckView? HealthCheck { get; init; }

    /// <summary>Slow start; null for the defaults of each.</summary>
    public WarmupView? Warmup { get; init; }

    /// <summary>The bounds within which weights follow the load.</summary>
    public AdaptiveWeightsView? AdaptiveWeights { get; init; }

    /// <summary>Which localities a client's requests go to.</summary>
    public LocalityLbSettingView? LocalityLbSetting { get; init; }
}

/// <summary>What a ring hash hashes, and how large the ring is.</summary>
public sealed record ConsistentHashView(string? HttpHeaderName, bool UseSourceIp, int MinimumRingSize);

/// <summary>Outlier detection in force. Durations are written like <c>10s</c> or <c>500ms</c>, enforcing and shares in percent.</summary>
public sealed record OutlierDetectionView(
    int Consecutive5xx, int ConsecutiveGatewayFailure, int ConsecutiveLocalOriginFailure, bool SplitExternalLocalOriginErrors,
    string Interval, string BaseEjectionTime, string MaxEjectionTime, int MaxEjectionPercent, int MinHealthPercent)
{
    /// <summary>Chance that the detector is acted on.</summary>
    public int EnforcingConsecutive5xx { get; init; }

    /// <summary>Chance that the detector is acted on.</summary>
    public int EnforcingConsecutiveGatewayFailure { get; init; }

    /// <summary>Chance that the detector is acted on.</summary>
    public int EnforcingConsecutiveLocalOriginFailure { get; init; }

    /// <summary>Added to each ejection at random, up to this.</summary>
    public string MaxEjectionTimeJitter { get; init; } = "0s";

    /// <summary>One may be ejected whatever the percentage.</summary>
    public bool AlwaysEjectOneHost { get; init; }

    /// <summary>Endpoints with enough requests that a comparison of success rates needs.</summary>
    public int SuccessRateMinimumHosts { get; init; }

    /// <summary>Requests in an interval that make an endpoint one of them.</summary>
    public int SuccessRateRequestVolume { get; init; }

    /// <summary>Thousandths of a standard deviation.</summary>
    public int SuccessRateStdevFactor { get; init; }

    /// <summary>Chance that the detector is acted on.</summary>
    public int EnforcingSuccessRate { get; init; }

    /// <summary>The same for failures without an answer, when split.</summary>
    public int EnforcingLocalOriginSuccessRate { get; init; }

    /// <summary>The share of failures that is too much.</summary>
    public int FailurePercentageThreshold { get; init; }

    /// <summary>Endpoints with enough requests that the detector needs.</summary>
    public int FailurePercentageMinimumHosts { get; init; }

    /// <summary>Requests in an interval that make an endpoint one of them.</summary>
    public int FailurePercentageRequestVolume { get; init; }

    /// <summary>Chance that the detector is acted on.</summary>
    public int EnforcingFailurePercentage { get; init; }

    /// <summary>The same for failures without an answer, when split.</summary>
    public int EnforcingFailurePercentageLocalOrigin { get; init; }

    /// <summary>The quantile of response times that is compared, in percent.</summary>
    public int LatencyQuantile { get; init; }

    /// <summary>Hundredths of the peers' median that are too much.</summary>
    public int LatencyFactor { get; init; }

    /// <summary>How much above its peers' is never too much.</summary>
    public string LatencyMinimumDifference { get; init; } = "0s";

    /// <summary>Endpoints with enough requests that the detector needs.</summary>
    public int LatencyMinimumHosts { get; init; }

    /// <summary>Requests in an interval that make an endpoint one of them.</summary>
    public int LatencyRequestVolume { get; init; }

    /// <summary>Chance that the detector is acted on.</summary>
    public int EnforcingLatency { get; init; }

    /// <summary>False ejections of the sequential test per endpoint and interval, in parts of a million.</summary>
    public int SequentialFalsePositivesPerMillion { get; init; }

    /// <summary>Endpoints with traffic that the sequential test needs.</summary>
    public int SequentialMinimumHosts { get; init; }

    /// <summary>Chance that the sequential test is acted on.</summary>
    public int EnforcingSequential { get; init; }

    /// <summary>Passed checks end an ejection before its time.</summary>
    public bool SuccessfulActiveHealthCheckUnejectHost { get; init; }
}

/// <summary>Limits in force.</summary>
public sealed record ConnectionPoolView(
    int MaxConnections, string ConnectTimeout, int Http1MaxPendingRequests, int Http2MaxRequests, int MaxRetries, int MaxRequestsPerConnection);

/// <summary>Checks by the control plane. <see cref="ExpectedStatusTo"/> is the first status that no longer passes.</summary>
public sealed record HealthCheckView(
    string Protocol, string? Path, string? Host, int? ExpectedStatusFrom, int? ExpectedStatusTo, string? GrpcServiceName, int? Port,
    string Interval, string Timeout, int UnhealthyThreshold, int HealthyThreshold, string NoTrafficInterval);

/// <summary>Slow start; aggression in hundredths.</summary>
public sealed record WarmupView(string Duration, int MinimumPercent, int Aggression);

/// <summary>Weights that follow the load.</summary>
public sealed record AdaptiveWeightsView(int MinimumPercent, int MaximumPercent, int MaximumStepPercent, int HysteresisPercent, string Interval);

/// <summary>Where a client's requests go by where it runs; with every list empty, to the nearest.</summary>
public sealed record LocalityLbSettingView(
    IReadOnlyList<LocalityDistributionView> Distribute, IReadOnlyList<LocalityFailoverView> Failover, IReadOnlyList<string> FailoverPriority);

/// <summary>Shares of the traffic of one place, in percent by locality.</summary>
public sealed record LocalityDistributionView(string From, IReadOnlyDictionary<string, int> To);

/// <summary>A region and who takes over from it.</summary>
public sealed record LocalityFailoverView(string From, string To);
