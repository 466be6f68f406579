using Envoy.Config.Cluster.V3;
using Envoy.Config.Core.V3;
using Envoy.Type.V3;
using Google.Protobuf.WellKnownTypes;
using Mesh.Core;
using Mesh.Core.Localities;
using Mesh.Core.Policies;
using EnvoyCore = Envoy.Config.Core.V3;
using Upstream = Envoy.Extensions.Upstreams.Http.V3;
using Wire = Envoy.Config.Cluster.V3;

namespace Mesh.Xds.Translation;

/// <summary>
/// A service's policy as a Cluster. Endpoints come by EDS on the same stream, so that an ejection never touches the cluster, and load is
/// reported to where the cluster came from.
/// </summary>
/// <remarks>
/// Outlier detection. Verdicts are mesh-wide, so a proxy's own ejections come on top of ours. Envoy cannot be told "only while the
/// control plane is away", so it is capped, not turned off: it keeps the consecutive detectors at the policy's thresholds and within the
/// policy's percentage, and loses the statistical ones, which need volumes that no single proxy sees. Our own proxy gets the same
/// thresholds with every enforcement at 0: it applies them only when it has lost the control plane. gRPC gets none, because its detectors
/// are the statistical ones.
/// </remarks>
public static class ClusterTranslation
{
    private const string UpstreamHttpKey = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

    /// <summary>Envoy's panic threshold, in percent: below this share of healthy endpoints it uses the ejected ones too.</summary>
    public const double PanicThresholdPercent = PriorityLoad.PanicThreshold;

    /// <summary>The cluster of a service as this kind of client can take it.</summary>
    public static Cluster Translate(ServiceId service, TrafficPolicy policy, ClientKind kind)
    {
        var pool = policy.ConnectionPool;
        var cluster = new Cluster
        {
            Name = service.ToString(),
            Type = Cluster.Types.DiscoveryType.Eds,
            EdsClusterConfig = new() { EdsConfig = OverAds() },
            LrsServer = new ConfigSource { Self = new() { TransportApiVersion = ApiVersion.V3 } },
            ConnectTimeout = pool.ConnectTimeout.ToDuration(),
            CircuitBreakers = new() { Thresholds = { Thresholds(pool) } },
        };
        if (kind == ClientKind.ProxylessGrpc)
        {
            // The one policy that every gRPC library takes; C-core 1.51 crashes on RING_HASH, all refuse LEAST_REQUEST.
            cluster.LbPolicy = Cluster.Types.LbPolicy.RoundRobin;
            return cluster;
        }

        SetLoadBalancer(cluster, policy);
        cluster.OutlierDetection = OutlierDetection(policy.OutlierDetection, enforce: kind != ClientKind.MeshProxy);
        cluster.CommonLbConfig = new()
        {
            HealthyPanicThreshold = new Percent { Value = PanicThresholdPercent },
            // Envoy would hold back changes of health and weight for a second.
            UpdateMergeWindow = new Duration(),
        };
        if (policy.LocalityLbSetting is { Distribute.IsEmpty: false })
        {
            // Without it Envoy knows localities only as places, and their weights not at all.
            cluster.CommonLbConfig.LocalityWeightedLbConfig = new();
        }

        SetUpstreamHttp(cluster, pool, kind);
        return cluster;
    }

    /// <summary>Whether two policies make the same cluster of a service; what they say of checks, weights and priorities goes elsewhere.</summary>
    public static bool Same(TrafficPolicy one, TrafficPolicy other) =>
        one.LoadBalancer == other.LoadBalancer
        && one.ConsistentHash == other.ConsistentHash
        && one.ConnectionPool == other.ConnectionPool
        && one.LocalityLbSetting is { Distribute.IsEmpty: false } == other.LocalityLbSetting is { Distribute.IsEmpty: false }
        && OutlierDetection(one.OutlierDetection, enforce: true).Equals(OutlierDetection(other.OutlierDetection, enforce: true));

    /// <summary>A source that means this stream.</summary>
    internal static ConfigSource OverAds() => new() { Ads = new(), ResourceApiVersion = ApiVersion.V3 };

    private static CircuitBreakers.Types.Thresholds Thresholds(ConnectionPool pool) => new()
    {
        Priority = RoutingPriority.Default,
        MaxConnections = (uint)pool.MaxConnections,
        MaxPendingRequests = (uint)pool.Http1MaxPendingRequests,
        MaxRequests = (uint)pool.Http2MaxRequests,
        MaxRetries = (uint)pool.MaxRetries,
    };

    private static void SetLoadBalancer(Cluster cluster, TrafficPolicy policy)
    {
        switch (policy.LoadBalancer)
        {
            case LoadBalancerAlgorithm.RoundRobin:
                cluster.LbPolicy = Cluster.Types.LbPolicy.RoundRobin;
                break;
            case LoadBalancerAlgorithm.Random:
                cluster.LbPolicy = Cluster.Types.LbPolicy.Random;
                break;
            case LoadBalancerAlgorithm.RingHash:
                cluster.LbPolicy = Cluster.Types.LbPolicy.RingHash;
                cluster.RingHashLbConfig = new() { MinimumRingSize = (ulong)(policy.ConsistentHash ?? new()).MinimumRingSize };
                break;
            default:
                cluster.LbPolicy = Cluster.Types.LbPolicy.LeastRequest;
                cluster.LeastRequestLbConfig = new() { ChoiceCount = 2 };
                break;
        }
    }

    private static Wire.OutlierDetection OutlierDetection(Mesh.Core.Policies.OutlierDetection policy, bool enforce)
    {
        return new()
        {
            Consecutive5Xx = Threshold(policy.Consecutive5xx),
            EnforcingConsecutive5Xx = Enforce(policy.Consecutive5xx, policy.EnforcingConsecutive5xx),
            ConsecutiveGatewayFailure = Threshold(policy.ConsecutiveGatewayFailure),
            EnforcingConsecutiveGatewayFailure = Enforce(policy.ConsecutiveGatewayFailure, policy.EnforcingConsecutiveGatewayFailure),
            SplitExternalLocalOriginErrors = policy.SplitExternalLocalOriginErrors,
            ConsecutiveLocalOriginFailure = Threshold(policy.ConsecutiveLocalOriginFailure),
            EnforcingConsecutiveLocalOriginFailure = Enforce(policy.ConsecutiveLocalOriginFailure, policy.EnforcingConsecutiveLocalOriginFailure),
            EnforcingSuccessRate = 0,
            EnforcingLocalOriginSuccessRate = 0,
            EnforcingFailurePercentage = 0,
            EnforcingFailurePercentageLocalOrigin = 0,
            Interval = policy.Interval.ToDuration(),
            BaseEjectionTime = policy.BaseEjectionTime.ToDuration(),
            MaxEjectionTime = policy.MaxEjectionTime.ToDuration(),
            MaxEjectionTimeJitter = policy.MaxEjectionTimeJitter.ToDuration(),
            MaxEjectionPercent = (uint)policy.MaxEjectionPercent,
            AlwaysEjectOneHost = policy.AlwaysEjectOneHost,
        };

        // A threshold of 0 turns a detector off. Envoy says that with its enforcement, and has no use for a threshold of 0.
        static uint? Threshold(int value) => value == 0 ? null : (uint)value;

        uint Enforce(int threshold, int chance) => enforce && threshold > 0 ? (uint)chance : 0u;
    }

    private static void SetUpstreamHttp(Cluster cluster, ConnectionPool pool, ClientKind kind)
    {
        if (kind.TakesHttpProtocolOptions())
        {
            cluster.TypedExtensionProtocolOptions.Add(UpstreamHttpKey, Any.Pack(UpstreamHttp(pool)));
            return;
        }

#pragma warning disable CS0612 // Deprecated, and all that these clients know.
        cluster.ProtocolSelection = Cluster.Types.ClusterProtocolSelection.UseDownstreamProtocol;
        cluster.MaxRequestsPerConnection = pool.MaxRequestsPerConnection > 0 ? (uint)pool.MaxRequestsPerConnection : null;
#pragma warning restore CS0612
    }

    // Upstream as downstream: a gRPC call goes on over HTTP/2, a plain one over HTTP/1.1.
    private static Upstream.HttpProtocolOptions UpstreamHttp(ConnectionPool pool)
    {
        var options = new Upstream.HttpProtocolOptions
        {
            UseDownstreamProtocolConfig = new() { HttpProtocolOptions = new(), Http2ProtocolOptions = new() },
        };
        if (pool.MaxRequestsPerConnection > 0)
        {
            options.CommonHttpProtocolOptions = new EnvoyCore.HttpProtocolOptions { MaxRequestsPerConnection = (uint)pool.MaxRequestsPerConnection };
        }

        return options;
    }
}
