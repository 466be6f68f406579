using System.Text.Json.Serialization;

namespace Mesh.Core.Policies;

/// <summary>How a proxy picks an endpoint. Names as in Istio's <c>loadBalancer.simple</c> and Envoy's <c>lb_policy</c>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LoadBalancerAlgorithm>))]
public enum LoadBalancerAlgorithm
{
    /// <summary>In turn, weighted.</summary>
    RoundRobin,

    /// <summary>Of two picked at random, the one with fewer requests in flight; weighted.</summary>
    LeastRequest,

    /// <summary>At random, weighted.</summary>
    Random,

    /// <summary>By a hash of the request onto a ring (<c>consistentHash</c>).</summary>
    RingHash,
}

/// <summary>What a ring hash hashes, and how large the ring is.</summary>
public sealed record ConsistentHash
{
    /// <summary>The request header to hash; null when <see cref="UseSourceIp"/>.</summary>
    public string? HttpHeaderName { get; init; }

    /// <summary>Hash the client's address.</summary>
    public bool UseSourceIp { get; init; }

    /// <summary>The smallest ring, 1 to 8,388,608 (Envoy's bound); 1024 by default.</summary>
    public int MinimumRingSize { get; init; } = 1024;
}

/// <summary>Limits on connections and requests of each proxy to the service; defaults are Envoy's.</summary>
public sealed record ConnectionPool
{
    /// <summary>Connections at once.</summary>
    public int MaxConnections { get; init; } = 1024;

    /// <summary>How long a connection may take to come up.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Requests that may wait for a connection.</summary>
    public int Http1MaxPendingRequests { get; init; } = 1024;

    /// <summary>Requests under way at once.</summary>
    public int Http2MaxRequests { get; init; } = 1024;

    /// <summary>Retries under way at once.</summary>
    public int MaxRetries { get; init; } = 3;

    /// <summary>Requests after which a connection is closed; 0 is no limit.</summary>
    public int MaxRequestsPerConnection { get; init; }
}

/// <summary>The compiled policy in force for a service: what a DestinationRule's trafficPolicy means.</summary>
public sealed record TrafficPolicy
{
    /// <summary>What holds where no document says otherwise.</summary>
    public static TrafficPolicy Default { get; } = new();

    /// <summary>How to pick an endpoint; least request by default, as in Istio.</summary>
    public LoadBalancerAlgorithm LoadBalancer { get; init; } = LoadBalancerAlgorithm.LeastRequest;

    /// <summary>What to hash; null unless <see cref="LoadBalancer"/> is ring hash.</summary>
    public ConsistentHash? ConsistentHash { get; init; }

    /// <summary>When to eject.</summary>
    public OutlierDetection OutlierDetection { get; init; } = new();

    /// <summary>Checks by the control plane; null when there are none.</summary>
    public HealthCheck? HealthCheck { get; init; }

    /// <summary>How weight grows on an endpoint that is new or has come back; null for the default of each.</summary>
    public Warmup? Warmup { get; init; }

    /// <summary>Let weights follow the load; null when they do not.</summary>
    public AdaptiveWeights? AdaptiveWeights { get; init; }

    /// <summary>Which localities a client's requests go to; null when localities make no difference.</summary>
    public LocalityLbSetting? LocalityLbSetting { get; init; }

    /// <summary>Limits.</summary>
    public ConnectionPool ConnectionPool { get; init; } = new();

    /// <summary>Which document this came from, as <c>DestinationRule/namespace/name@version</c>; null for the default.</summary>
    public string? Source { get; init; }
}
