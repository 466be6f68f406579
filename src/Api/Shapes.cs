using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Mesh.Api;

/// <summary>A page of a list. <see cref="Continue"/> is what to pass as <c>?continue=</c> for the next page; null on the last.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Continue);

/// <summary>One line of the list of services.</summary>
public sealed record ServiceSummary(
    string Namespace, string Name, string Version, int Endpoints, int Healthy, int Ejected, int Draining, int Expired, string? Policy);

/// <summary>A service whole, but for its endpoints.</summary>
public sealed record ServiceDetail(
    string Namespace, string Name, IReadOnlyList<string> Hosts, string Version, DateTimeOffset ChangedAt,
    int Endpoints, int Healthy, int Ejected, int Draining, int Expired, TrafficPolicyView Policy)
{
    /// <summary>Where requests for it go instead; null when they go to the service itself.</summary>
    public RoutingView? Routing { get; init; }

    /// <summary>What proxies refuse now of what this service became: the first 20. Only those that are connected to this gateway.</summary>
    public IReadOnlyList<RefusalView> Refusals { get; init; } = [];

    /// <summary>How many there are in all.</summary>
    public int RefusalsTotal { get; init; }
}

/// <summary>Where something runs.</summary>
public sealed record LocalityView(string Region, string Zone, string SubZone);

/// <summary>An endpoint.</summary>
public sealed record EndpointDetail
{
    /// <summary>Its service's namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>Its service.</summary>
    public required string Service { get; init; }

    /// <summary>Unique within the service.</summary>
    public required string Id { get; init; }

    /// <summary>An IP address.</summary>
    public required string Address { get; init; }

    /// <summary>1 to 65535.</summary>
    public required int Port { get; init; }

    /// <summary>Healthy, Suspect, Ejected, Probing, Draining or Expired.</summary>
    public required string Status { get; init; }

    /// <summary>Why, for people.</summary>
    public string? Reason { get; init; }

    /// <summary>As registered.</summary>
    public int Weight { get; init; }

    /// <summary>As pushed, in the same unit; smaller while probing.</summary>
    public double EffectiveWeight { get; init; }

    /// <summary>The present ejection's end.</summary>
    public DateTimeOffset? EjectedUntil { get; init; }

    /// <summary>Ejections in a row.</summary>
    public int EjectionMultiplier { get; init; }

    /// <summary>The run of failures under way, over the whole mesh; only when a single endpoint is asked for.</summary>
    public long? ConsecutiveFailures { get; init; }

    /// <summary>The caller's id of this life of it.</summary>
    public string? InstanceId { get; init; }

    /// <summary>As registered, like <c>30s</c>.</summary>
    public string? Lease { get; init; }

    /// <summary>When it runs out.</summary>
    public DateTimeOffset? LeaseExpires { get; init; }

    /// <summary>When this life of it began.</summary>
    public DateTimeOffset? RegisteredAt { get; init; }

    /// <summary>Where it runs.</summary>
    public LocalityView? Locality { get; init; }

    /// <summary>As registered.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>The body of PUT …/endpoints/{id}.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record EndpointPut
{
    /// <summary>An IP address.</summary>
    public string? Address { get; init; }

    /// <summary>1 to 65535.</summary>
    public int? Port { get; init; }

    /// <summary>1 to 1000; 1 by default.</summary>
    public int? Weight { get; init; }

    /// <summary>The caller's id of this life of it.</summary>
    public string? InstanceId { get; init; }

    /// <summary>Like <c>30s</c>; left out for an endpoint that needs no renewal.</summary>
    public string? Lease { get; init; }

    /// <summary>Where it runs.</summary>
    public LocalityView? Locality { get; init; }

    /// <summary>At most 64.</summary>
    public Dictionary<string, string>? Labels { get; init; }
}

/// <summary>The body of POST …/heartbeat; it may be left out.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record HeartbeatPost(string? InstanceId);

/// <summary>The body of POST …/eject; it may be left out.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record EjectPost(string? Duration, string? Reason);

/// <summary>A policy document. <see cref="Version"/> is its ETag; what proxies refuse is no part of it.</summary>
public sealed record PolicyView(
    string Kind, string Namespace, string Name, long Version, string BoundTo, DateTimeOffset UpdatedAt, JsonNode? Document, bool DryRun = false)
{
    /// <summary>What proxies refuse now of the service for which it is in force: the first 20. Only those that are connected to this gateway.</summary>
    public IReadOnlyList<RefusalView> Refusals { get; init; } = [];

    /// <summary>How many there are in all.</summary>
    public int RefusalsTotal { get; init; }
}

/// <summary>One event of the stream. Its SSE <c>event:</c> is <see cref="Kind"/>.</summary>
/// <param name="Id">Grows; to resume after (<c>Last-Event-ID</c>).</param>
/// <param name="At">When.</param>
/// <param name="Kind">EndpointAdded, EndpointRemoved, EndpointChanged, PolicyChanged, RoutingChanged, ServiceAdded, ServiceRemoved, ProxyConnected,
/// ProxyDisconnected, ProxyRejected, Ledger (an entry was made in a service's ledger), or Reset: some events are not remembered any more, read the lists again.</param>
/// <param name="Service"><c>namespace/name</c>; null for a proxy's.</param>
/// <param name="Endpoint">Its id; null when it is not about one.</param>
/// <param name="Status">The endpoint's status after it.</param>
/// <param name="Detail">For people.</param>
/// <param name="Entry">The ledger's entry that a Ledger event is about; null for all others.</param>
public sealed record MeshEvent(
    long Id, DateTimeOffset At, string Kind, string? Service, string? Endpoint, string? Status, string Detail, LedgerEntryView? Entry = null);

/// <summary>An error (RFC 9457), as <c>application/problem+json</c>.</summary>
/// <param name="Type">What sort of error; <c>urn:mesh:problem:</c> and a word.</param>
/// <param name="Title">The sort in words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What is wrong this time, and what to do.</param>
/// <param name="Instance">The path asked for.</param>
/// <param name="Problems">Each reason by itself; left out when <see cref="Detail"/> says it all.</param>
/// <param name="TraceId">To find the request in traces and logs.</param>
public sealed record MeshProblem(
    string Type, string Title, int Status, string? Detail, string? Instance, IReadOnlyList<MeshProblemItem>? Problems, string? TraceId);

/// <summary>One reason for a refusal.</summary>
/// <param name="Field">The field's path, a query parameter's name, or empty for the whole.</param>
/// <param name="Value">The offending value; null when there is none.</param>
/// <param name="Detail">What is wrong.</param>
/// <param name="Remedy">What to do instead.</param>
public sealed record MeshProblemItem(string Field, string? Value, string Detail, string Remedy);

/// <summary>Whether this control plane can do its work.</summary>
public sealed record ReadinessView(bool Ready, IReadOnlyList<ReadinessCheckView> Checks);

/// <summary>One condition of readiness. Detail says why it is not met; null when it is. One that is not required makes nobody unready.</summary>
public sealed record ReadinessCheckView(string Name, bool Ok, string? Detail, bool Required = true);

/// <summary>The limits of this API, by name.</summary>
public sealed record LimitsView(
    int PolicyBytes, int EndpointBytes, int SmallBodyBytes, int DocumentDepth, int PageSize, int MaxPageSize,
    int EndpointsPerService, int EventsKept, int EventReaders, int HeaderBytes, int Connections,
    int Replays, int ReplaySinceSeconds, int ReplayTimeSeconds)
{
    /// <summary>Exports at once.</summary>
    public int Exports { get; init; }

    /// <summary>Imports at once.</summary>
    public int Imports { get; init; }

    /// <summary>Bytes of an import in all.</summary>
    public long ImportBytes { get; init; }

    /// <summary>Bytes of one line of it.</summary>
    public int ImportLineBytes { get; init; }

    /// <summary>Characters of all its documents.</summary>
    public int ImportPolicyCharacters { get; init; }
}
