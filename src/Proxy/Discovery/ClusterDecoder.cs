using Envoy.Config.Cluster.V3;
using Envoy.Extensions.Upstreams.Http.V3;
using Google.Protobuf.WellKnownTypes;
using Mesh.Proxy.LoadBalancing;
using Mesh.Proxy.Model;
using LoadBalancerAlgorithm = Mesh.Core.Policies.LoadBalancerAlgorithm;

namespace Mesh.Proxy.Discovery;

/// <summary>Reads CDS resources; what this proxy cannot act on is refused, never guessed.</summary>
public static class ClusterDecoder
{
    private const string HttpOptionsKey = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

    /// <summary>What the cluster says.</summary>
    /// <exception cref="RefusedResourceException">It says something that this proxy cannot do.</exception>
    public static ClusterConfig Decode(Cluster cluster)
    {
        if (cluster.Name.Length == 0)
        {
            throw new RefusedResourceException("name: is empty");
        }

        if (cluster.ClusterDiscoveryTypeCase != Cluster.ClusterDiscoveryTypeOneofCase.Type || cluster.Type != Cluster.Types.DiscoveryType.Eds)
        {
            throw new RefusedResourceException("type: only EDS is supported");
        }

        if (cluster.EdsClusterConfig?.EdsConfig is not { } source || (source.Ads is null && source.Self is null))
        {
            throw new RefusedResourceException("eds_cluster_config.eds_config: must be ads or self");
        }

        var limits = cluster.CircuitBreakers?.Thresholds.FirstOrDefault(t => t.Priority == Envoy.Config.Core.V3.RoutingPriority.Default);
        var ring = cluster.RingHashLbConfig;
        return new ClusterConfig
        {
            Name = cluster.Name,
            EndpointsName = cluster.EdsClusterConfig.ServiceName is { Length: > 0 } name ? name : cluster.Name,
            Balancing = cluster.LbPolicy switch
            {
                Cluster.Types.LbPolicy.RoundRobin => LoadBalancerAlgorithm.RoundRobin,
                Cluster.Types.LbPolicy.LeastRequest => LoadBalancerAlgorithm.LeastRequest,
                Cluster.Types.LbPolicy.Random => LoadBalancerAlgorithm.Random,
                Cluster.Types.LbPolicy.RingHash => LoadBalancerAlgorithm.RingHash,
                _ => throw new RefusedResourceException($"lb_policy: {cluster.LbPolicy} is not supported"),
            },
            MinimumRingSize = RingSize(ring?.MinimumRingSize, 1024, "ring_hash_lb_config.minimum_ring_size"),
            MaximumRingSize = RingSize(ring?.MaximumRingSize, RingHashBalancer.Largest, "ring_hash_lb_config.maximum_ring_size"),
            ConnectTimeout = Durations.Positive(cluster.ConnectTimeout, TimeSpan.FromSeconds(5), "connect_timeout"),
            // As in Envoy, which makes the first connection whatever the limit says.
            MaxConnections = Math.Max(1, Limit(limits?.MaxConnections, 1024)),
            MaxPendingRequests = Limit(limits?.MaxPendingRequests, 1024),
            MaxRequests = Limit(limits?.MaxRequests, 1024),
            MaxRetries = Limit(limits?.MaxRetries, 3),
            MaxRequestsPerConnection = RequestsPerConnection(cluster),
            PanicThreshold = cluster.CommonLbConfig?.HealthyPanicThreshold?.Value ?? 50,
            LocalityWeighted = cluster.CommonLbConfig?.LocalityWeightedLbConfig is not null,
            ReportsLoad = cluster.LrsServer?.Self is not null,
            Outliers = Outliers(cluster.OutlierDetection),
        };
    }

    private static int RequestsPerConnection(Cluster cluster)
    {
        if (!cluster.TypedExtensionProtocolOptions.TryGetValue(HttpOptionsKey, out var any) || !any.Is(HttpProtocolOptions.Descriptor))
        {
            return 0;
        }

        try
        {
            return Limit(any.Unpack<HttpProtocolOptions>().CommonHttpProtocolOptions?.MaxRequestsPerConnection, 0);
        }
        catch (Google.Protobuf.InvalidProtocolBufferException)
        {
            throw new RefusedResourceException($"typed_extension_protocol_options[{HttpOptionsKey}]: cannot be parsed");
        }
    }

    private static LocalOutlierConfig Outliers(OutlierDetection? outliers)
    {
        // A control plane that judges for the mesh sets enforcing to 0 and the threshold of its policy; without a threshold there, the policy
        // has this detection off.
        var threshold = outliers?.Consecutive5Xx ?? (outliers?.EnforcingConsecutive5Xx == 0 ? 0u : 5u);
        return new LocalOutlierConfig
        {
            Consecutive5xx = (int)Math.Min(threshold, int.MaxValue),
            BaseEjectionTime = Durations.Positive(outliers?.BaseEjectionTime, TimeSpan.FromSeconds(30), "outlier_detection.base_ejection_time"),
            MaxEjectionTime = Durations.Positive(outliers?.MaxEjectionTime, TimeSpan.FromSeconds(300), "outlier_detection.max_ejection_time"),
            MaxEjectionPercent = (int)Math.Min(outliers?.MaxEjectionPercent ?? 10, 100),
            AlwaysEjectOneHost = outliers?.AlwaysEjectOneHost ?? false,
        };
    }

    private static int Limit(uint? value, int unset) => value is { } set ? (int)Math.Clamp(set, 0u, 1_000_000u) : unset;

    private static int RingSize(ulong? value, int unset, string field) => value switch
    {
        null => unset,
        0 or > 8_388_608 => throw new RefusedResourceException($"{field}: {value} is not within 1 to 8388608"),
        _ => (int)Math.Min(value.Value, RingHashBalancer.Largest),
    };
}

/// <summary>Reads durations, which on the wire may hold anything.</summary>
internal static class Durations
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(24);

    /// <summary>A duration above zero; what stands in for it when it is not set.</summary>
    public static TimeSpan Positive(Duration? duration, TimeSpan unset, string field)
    {
        var value = NotNegative(duration, unset, field);
        return value > TimeSpan.Zero ? value : throw new RefusedResourceException($"{field}: must be above 0");
    }

    /// <summary>A duration of zero or more; what is beyond any timer counts as the longest.</summary>
    public static TimeSpan NotNegative(Duration? duration, TimeSpan unset, string field)
    {
        if (duration is null)
        {
            return unset;
        }

        if (duration.Seconds < 0 || duration.Nanos is < 0 or > 999_999_999)
        {
            throw new RefusedResourceException($"{field}: {duration.Seconds}.{duration.Nanos:D9}s is not a duration of 0 or more");
        }

        return duration.Seconds >= Longest.TotalSeconds ? Longest : TimeSpan.FromSeconds(duration.Seconds) + TimeSpan.FromTicks(duration.Nanos / 100);
    }
}
