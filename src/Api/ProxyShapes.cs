using System.Text.Json.Nodes;

namespace Mesh.Api;

/// <summary>A proxy that is connected over ADS, and what it has accepted.</summary>
public sealed record ProxyView(
    string Node, string Cluster, string UserAgent, LocalityView Locality, string Address, DateTimeOffset ConnectedAt,
    IReadOnlyList<ProxyTypeView> Types)
{
    /// <summary>What it was taken for: MeshProxy, ProxylessGrpc, or Sidecar (Envoy, MOSN).</summary>
    public string Kind { get; init; } = "";

    /// <summary>What it is in the mesh: Sidecar or Ingress.</summary>
    public string Role { get; init; } = "";

    /// <summary>
    /// The services that it is sent without naming them: <c>namespace/name</c> and <c>namespace/*</c> with commas between them, <c>*/*</c> for all, <c>~/*</c> for none.
    /// </summary>
    public string Reaches { get; init; } = "";

    /// <summary>What its node says of these and was not understood, and so grants nothing.</summary>
    public IReadOnlyList<string> NotUnderstood { get; init; } = [];

    /// <summary>Tells the streams of one gateway apart: each gets a number when it is opened, and none gets it again.</summary>
    public long Stream { get; init; }

    /// <summary>Which of xDS's protocols it speaks: StateOfTheWorld or Delta.</summary>
    public string Variant { get; init; } = "";

    /// <summary>What it does with the weights of endpoints: Followed, or Ignored, as by gRPC's round robin.</summary>
    public string Weights { get; init; } = "";

    /// <summary>
    /// What it reports to this gateway of its requests: PerEndpoint, PerLocality (nobody can be ejected on the strength of that), or None.
    /// </summary>
    public string Reports { get; init; } = "";

    /// <summary>What its certificate says that it is: a SPIFFE ID, or the subject; null when it showed none.</summary>
    public string? Identity { get; init; }

    /// <summary>When its last report came; null when none did.</summary>
    public DateTimeOffset? LastReportAt { get; init; }
}

/// <summary>One resource type of one proxy.</summary>
/// <param name="Type">LDS, RDS, CDS or EDS.</param>
/// <param name="Resources">How many it wants; -1 for all.</param>
/// <param name="Sent">The version sent last.</param>
/// <param name="Accepted">The version accepted last.</param>
/// <param name="Status">Synced, Pending or Rejected.</param>
/// <param name="Error">What the proxy said when it rejected one; null otherwise.</param>
/// <param name="LastAcceptedAt">When it last accepted one.</param>
public sealed record ProxyTypeView(
    string Type, int Resources, string? Sent, string? Accepted, string Status, string? Error, DateTimeOffset? LastAcceptedAt)
{
    /// <summary>For how many seconds a response has waited for its answer, or a change for being sent; 0 when nothing waits.</summary>
    public double LagSeconds { get; init; }

    /// <summary>How many resources it was sent of this type, and wants still.</summary>
    public int Held { get; init; }

    /// <summary>How many resources it refuses now.</summary>
    public int Refused { get; init; }

    /// <summary>The first 20 of them.</summary>
    public IReadOnlyList<RefusedResourceView> Refusals { get; init; } = [];
}

/// <summary>A resource that one proxy refuses: it goes on with the version that it accepted before.</summary>
/// <param name="Name">By which name.</param>
/// <param name="Version">The refused version.</param>
/// <param name="Accepted">The version that it goes on with; null when it has none.</param>
/// <param name="Error">The proxy's own words.</param>
/// <param name="Since">When it first refused the resource.</param>
public sealed record RefusedResourceView(string Name, string Version, string? Accepted, string Error, DateTimeOffset Since);

/// <summary>A version of a resource that proxies refuse, all those in one that say the same of it.</summary>
/// <param name="Type">LDS, RDS, CDS or EDS.</param>
/// <param name="Resource">By which name.</param>
/// <param name="Version">The refused version.</param>
/// <param name="Error">The proxies' own words, shortened to 256 characters.</param>
/// <param name="Since">When the first of them refused it.</param>
/// <param name="Clients">How many refuse it.</param>
/// <param name="Nodes">The first five of them, by node id.</param>
public sealed record RefusalView(
    string Type, string Resource, string Version, string Error, DateTimeOffset Since, int Clients, IReadOnlyList<string> Nodes)
{
    /// <summary>
    /// The documents in force that such a resource is made of, as <c>kind/namespace/name@version</c>: the DestinationRule, and for listeners and routes the
    /// VirtualService too. Empty where the defaults hold.
    /// </summary>
    public IReadOnlyList<string> Documents { get; init; } = [];
}

/// <summary>One resource as one stream of a proxy was sent it.</summary>
/// <param name="Node">The proxy's node id.</param>
/// <param name="Address">From where its stream came; a node that is connected twice has two.</param>
/// <param name="Type">LDS, RDS, CDS or EDS.</param>
/// <param name="Name">By which name.</param>
/// <param name="Sent">The version sent last.</param>
/// <param name="Accepted">The version that it accepted last and goes on using; null when it has accepted none.</param>
/// <param name="Status">Synced, Pending or Rejected.</param>
/// <param name="Error">What the proxy said when it rejected the version; null otherwise.</param>
public sealed record ProxyResourceView(
    string Node, string Address, string Type, string Name, string Sent, string? Accepted, string Status, string? Error)
{
    /// <summary>The stream's number, as in <see cref="ProxyView.Stream"/>: two streams may come from one address.</summary>
    public long Stream { get; init; }

    /// <summary>Bytes on the wire.</summary>
    public int Bytes { get; init; }

    /// <summary>When what was sent last had changed; null when unknown.</summary>
    public DateTimeOffset? ChangedAt { get; init; }

    /// <summary>What was sent last, as protobuf's JSON with the names that Envoy's documentation uses; only when it is asked for.</summary>
    public JsonNode? Body { get; init; }
}
