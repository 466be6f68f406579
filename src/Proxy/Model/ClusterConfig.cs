using System.Collections.Immutable;
using Mesh.Core;
using Mesh.Core.Localities;
using Mesh.Core.Policies;

namespace Mesh.Proxy.Model;

/// <summary>What a CDS resource says, as far as this proxy acts on it.</summary>
public sealed record ClusterConfig
{
    /// <summary>The cluster's name; in this mesh <c>namespace/service</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The EDS resource that lists its endpoints.</summary>
    public required string EndpointsName { get; init; }

    /// <summary>How an endpoint is picked.</summary>
    public LoadBalancerAlgorithm Balancing { get; init; }

    /// <summary>Bounds of the hash ring.</summary>
    public int MinimumRingSize { get; init; } = 1024;

    /// <summary>See <see cref="LoadBalancing.RingHashBalancer.Largest"/>, which holds whatever this says.</summary>
    public int MaximumRingSize { get; init; } = LoadBalancing.RingHashBalancer.Largest;

    /// <summary>How long a connection may take to come up.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>HTTP/1.1 connections at once; further requests wait.</summary>
    public int MaxConnections { get; init; } = 1024;

    /// <summary>Requests that may wait for a connection; further ones are refused.</summary>
    public int MaxPendingRequests { get; init; } = 1024;

    /// <summary>Requests under way at once; further ones are refused.</summary>
    public int MaxRequests { get; init; } = 1024;

    /// <summary>Retries under way at once; further ones are not made.</summary>
    public int MaxRetries { get; init; } = 3;

    /// <summary>An HTTP/1.1 connection is closed after so many requests on average, exactly so for 1; 0 is no limit.</summary>
    public int MaxRequestsPerConnection { get; init; }

    /// <summary>Below this share of healthy endpoints, in percent, health is disbelieved and all are used; 0 turns it off.</summary>
    public double PanicThreshold { get; init; } = 50;

    /// <summary>Whether localities have shares of their own, as the assignment weighs them.</summary>
    public bool LocalityWeighted { get; init; }

    /// <summary>Whether the control plane wants to be told how requests end.</summary>
    public bool ReportsLoad { get; init; }

    /// <summary>What the proxy goes by alone, while the control plane is away.</summary>
    public LocalOutlierConfig Outliers { get; init; } = new();
}

/// <summary>The fallback's own detection; names and defaults are Envoy's.</summary>
public sealed record LocalOutlierConfig
{
    /// <summary>Failures in a row that eject; 0 turns it off.</summary>
    public int Consecutive5xx { get; init; } = 5;

    /// <summary>The first ejection's length; the n-th lasts n times as long.</summary>
    public TimeSpan BaseEjectionTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>No ejection is longer.</summary>
    public TimeSpan MaxEjectionTime { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>At most this share of a cluster is out at a time, in percent.</summary>
    public int MaxEjectionPercent { get; init; } = 10;

    /// <summary>Eject one even where the percentage would allow none.</summary>
    public bool AlwaysEjectOneHost { get; init; }
}

/// <summary>What an EDS resource says.</summary>
/// <param name="Name">The resource's name.</param>
/// <param name="Endpoints">All endpoints, also those out of rotation.</param>
public sealed record EndpointsConfig(string Name, ImmutableArray<EndpointConfig> Endpoints)
{
    /// <summary>How much more than its healthy share a priority can take, in percent, at least 1.</summary>
    public int Overprovisioning { get; init; } = PriorityLoad.Overprovisioning;

    /// <summary>Weights of localities within their priority; only a cluster that is locality-weighted reads them.</summary>
    public ImmutableDictionary<(int Priority, Locality Locality), uint> LocalityWeights { get; init; } =
        ImmutableDictionary<(int Priority, Locality Locality), uint>.Empty;

    /// <summary>The weight of an endpoint's locality; 0 when it has none, as in Envoy.</summary>
    public uint WeightOf(EndpointConfig endpoint) => LocalityWeights.GetValueOrDefault((endpoint.Priority, endpoint.Locality));
}

/// <summary>One endpoint as EDS lists it.</summary>
/// <param name="Address">An IP address as text.</param>
/// <param name="Port">1 to 65535.</param>
/// <param name="Weight">At least 1; in this mesh hundredths of a configured weight.</param>
/// <param name="Health">The mesh's verdict.</param>
/// <param name="Locality">Where it runs.</param>
/// <param name="Priority">0 is used first; a greater one gets what the smaller ones are not healthy enough to take.</param>
public sealed record EndpointConfig(string Address, int Port, int Weight, EndpointHealth Health, Locality Locality, int Priority = 0)
{
    /// <summary>What names it within its cluster: <c>address:port</c>, with brackets around IPv6.</summary>
    public string Key { get; } = Address.Contains(':', StringComparison.Ordinal) ? $"[{Address}]:{Port}" : $"{Address}:{Port}";
}

/// <summary>EDS health, in the three kinds that matter to a proxy.</summary>
public enum EndpointHealth
{
    /// <summary>HEALTHY, UNKNOWN or DEGRADED: use it.</summary>
    Healthy,

    /// <summary>UNHEALTHY or TIMEOUT: ejected; used again when ejections lapse, or in a panic.</summary>
    Unhealthy,

    /// <summary>DRAINING: it leaves, and was asked not to be used; only a panic does.</summary>
    Draining,
}
