using Mesh.Api;
using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Core.Routing;

namespace Mesh.Gateway.Rest;

/// <summary>The policy and the routing in force as the API shows them: every member, so that nobody has to guess a default.</summary>
internal static class PolicyViews
{
    public static TrafficPolicyView Of(TrafficPolicy policy) =>
        new(policy.Source, policy.LoadBalancer.ToString(), Of(policy.OutlierDetection), Of(policy.ConnectionPool))
        {
            ConsistentHash = policy.ConsistentHash is { } hash ? new(hash.HttpHeaderName, hash.UseSourceIp, hash.MinimumRingSize) : null,
            HealthCheck = policy.HealthCheck is { } check ? Of(check) : null,
            Warmup = policy.Warmup is { } warmup ? new(DurationText.Format(warmup.Duration), warmup.MinimumPercent, warmup.Aggression) : null,
            AdaptiveWeights = policy.AdaptiveWeights is { } adaptive
                ? new(
                    adaptive.MinimumPercent, adaptive.MaximumPercent, adaptive.MaximumStepPercent, adaptive.HysteresisPercent,
                    DurationText.Format(adaptive.Interval))
                : null,
            LocalityLbSetting = policy.LocalityLbSetting is { } setting ? Of(setting) : null,
        };

    /// <param name="routing">Where requests go.</param>
    /// <param name="exists">Whether there is a service of that name.</param>
    public static RoutingView Of(ServiceRouting routing, Func<ServiceId, bool> exists) => new(
        routing.Source,
        routing.RuleName,
        [.. routing.Destinations.Select(to => new RouteDestinationView(
            to.Service.ToString(), to.Weight, Math.Round(100.0 * to.Weight / routing.TotalWeight(), 2), exists(to.Service)))]);

    private static OutlierDetectionView Of(OutlierDetection outliers) => new(
        outliers.Consecutive5xx, outliers.ConsecutiveGatewayFailure, outliers.ConsecutiveLocalOriginFailure,
        outliers.SplitExternalLocalOriginErrors, DurationText.Format(outliers.Interval), DurationText.Format(outliers.BaseEjectionTime),
        DurationText.Format(outliers.MaxEjectionTime), outliers.MaxEjectionPercent, outliers.MinHealthPercent)
    {
        EnforcingConsecutive5xx = outliers.EnforcingConsecutive5xx,
        EnforcingConsecutiveGatewayFailure = outliers.EnforcingConsecutiveGatewayFailure,
        EnforcingConsecutiveLocalOriginFailure = outliers.EnforcingConsecutiveLocalOriginFailure,
        MaxEjectionTimeJitter = DurationText.Format(outliers.MaxEjectionTimeJitter),
        AlwaysEjectOneHost = outliers.AlwaysEjectOneHost,
        SuccessRateMinimumHosts = outliers.SuccessRateMinimumHosts,
        SuccessRateRequestVolume = outliers.SuccessRateRequestVolume,
        SuccessRateStdevFactor = outliers.SuccessRateStdevFactor,
        EnforcingSuccessRate = outliers.EnforcingSuccessRate,
        EnforcingLocalOriginSuccessRate = outliers.EnforcingLocalOriginSuccessRate,
        FailurePercentageThreshold = outliers.FailurePercentageThreshold,
        FailurePercentageMinimumHosts = outliers.FailurePercentageMinimumHosts,
        FailurePercentageRequestVolume = outliers.FailurePercentageRequestVolume,
        EnforcingFailurePercentage = outliers.EnforcingFailurePercentage,
        EnforcingFailurePercentageLocalOrigin = outliers.EnforcingFailurePercentageLocalOrigin,
        LatencyQuantile = outliers.LatencyQuantile,
        LatencyFactor = outliers.LatencyFactor,
        LatencyMinimumDifference = DurationText.Format(outliers.LatencyMinimumDifference),
        LatencyMinimumHosts = outliers.LatencyMinimumHosts,
        LatencyRequestVolume = outliers.LatencyRequestVolume,
        EnforcingLatency = outliers.EnforcingLatency,
        SequentialFalsePositivesPerMillion = outliers.SequentialFalsePositivesPerMillion,
        SequentialMinimumHosts = outliers.SequentialMinimumHosts,
        EnforcingSequential = outliers.EnforcingSequential,
        SuccessfulActiveHealthCheckUnejectHost = outliers.SuccessfulActiveHealthCheckUnejectHost,
    };

    private static ConnectionPoolView Of(ConnectionPool pool) => new(
        pool.MaxConnections, DurationText.Format(pool.ConnectTimeout), pool.Http1MaxPendingRequests, pool.Http2MaxRequests,
        pool.MaxRetries, pool.MaxRequestsPerConnection);

    private static HealthCheckView Of(HealthCheck check)
    {
        var http = check.Protocol == HealthCheckProtocol.Http;
        return new(
            check.Protocol.ToString(),
            http ? check.Path : null,
            check.Host,
            http ? check.ExpectedStatusFrom : null,
            http ? check.ExpectedStatusTo : null,
            check.Protocol == HealthCheckProtocol.Grpc ? check.GrpcServiceName : null,
            check.Port,
            DurationText.Format(check.Interval), DurationText.Format(check.Timeout), check.UnhealthyThreshold, check.HealthyThreshold,
            DurationText.Format(check.NoTrafficInterval));
    }

    private static LocalityLbSettingView Of(LocalityLbSetting setting) => new(
        [.. setting.Distribute.Select(static d => new LocalityDistributionView(d.From, d.To))],
        [.. setting.Failover.Select(static f => new LocalityFailoverView(f.From, f.To))],
        setting.FailoverPriority);
}
