namespace Mesh.Api;

/// <summary>The control plane as a whole, as one gateway can tell. It is answered at once with what is known; what did not answer in time is named.</summary>
/// <param name="Well">Nothing is wrong.</param>
/// <param name="Headline">What is wrong, the worst first, or that nothing is.</param>
/// <param name="Findings">All that is wrong or worth knowing, the worst first.</param>
/// <param name="Cluster">The cluster's id.</param>
/// <param name="Edition">Embedded or Cluster.</param>
/// <param name="Product">The version of the gateway that answers.</param>
/// <param name="At">When.</param>
/// <param name="Silos">By name; those that have died or left lately as well.</param>
/// <param name="Gateways">By name.</param>
/// <param name="AdsStreams">ADS streams of all gateways together.</param>
/// <param name="LrsStreams">LRS streams of all gateways together.</param>
/// <param name="Stores">By name, as the processes with a gateway find them.</param>
/// <param name="Missing">What did not answer in time, so that it is missing here.</param>
public sealed record StatusView(
    bool Well, string Headline, IReadOnlyList<StatusFinding> Findings, string Cluster, string Edition, string Product, DateTimeOffset At,
    IReadOnlyList<SiloStatusView> Silos, IReadOnlyList<GatewayStatusView> Gateways, int AdsStreams, int LrsStreams, IReadOnlyList<StoreStatusView> Stores,
    IReadOnlyList<string> Missing);

/// <summary>Something that is wrong, or worth knowing.</summary>
/// <param name="Wrong">True when something is wrong; false for what is only worth knowing.</param>
/// <param name="Text">What, in one sentence.</param>
/// <param name="Remedy">What to do, in one sentence.</param>
public sealed record StatusFinding(bool Wrong, string Text, string Remedy);

/// <summary>A silo.</summary>
/// <param name="Name">As its operator named it.</param>
/// <param name="Address">In the cluster; another one after each start.</param>
/// <param name="State">Joining, Active, Draining or Dead, as the list of members says; NoAnswer when it says Active and the silo does not answer.</param>
/// <param name="Started">When it started.</param>
public sealed record SiloStatusView(string Name, string Address, string State, DateTimeOffset Started)
{
    /// <summary>Of its program; null when it did not answer.</summary>
    public string? Version { get; init; }

    /// <summary>Its process' resident memory in bytes; null when it did not answer.</summary>
    public long? ResidentBytes { get; init; }

    /// <summary>Of it, the managed heap.</summary>
    public long? HeapBytes { get; init; }

    /// <summary>Processors in use on average since it was last asked.</summary>
    public double? ProcessorsUsed { get; init; }

    /// <summary>How many grains of each kind are awake on it; null when it did not answer.</summary>
    public IReadOnlyDictionary<string, int>? Grains { get; init; }
}

/// <summary>A gateway.</summary>
/// <param name="Name">As its operator named its process.</param>
/// <param name="Silo">The silo that it is in; null when it is a client of the silos.</param>
/// <param name="Rest">Where its REST listens.</param>
/// <param name="Grpc">Where its gRPC listens.</param>
/// <param name="Version">Of its program.</param>
/// <param name="Started">When it started.</param>
/// <param name="Ready">Whether it was ready when it was last heard of.</param>
/// <param name="Complaints">Why not.</param>
/// <param name="Services">Services that it knows.</param>
/// <param name="AdsStreams">ADS streams that are open.</param>
/// <param name="LrsStreams">LRS streams that are open.</param>
/// <param name="HeardSecondsAgo">How long ago it was last heard of.</param>
/// <param name="Stale">It has been silent for too long.</param>
public sealed record GatewayStatusView(
    string Name, string? Silo, string Rest, string Grpc, string Version, DateTimeOffset Started, bool Ready, IReadOnlyList<string> Complaints,
    int Services, int AdsStreams, int LrsStreams, double HeardSecondsAgo, bool Stale);

/// <summary>A store.</summary>
/// <param name="Name">Such as redis, postgres, sqlite.</param>
/// <param name="Role">State or Membership.</param>
/// <param name="Up">Whether it does its work for all who were asked.</param>
/// <param name="Since">Since when it has been so.</param>
/// <param name="Detail">What is wrong and what follows from it.</param>
/// <param name="Warning">What should be changed though it works.</param>
/// <param name="Schema">The version of its schema.</param>
/// <param name="DownFor">The processes that find it down.</param>
/// <param name="Asked">How many processes told of it.</param>
public sealed record StoreStatusView(
    string Name, string Role, bool Up, DateTimeOffset Since, string? Detail, string? Warning, string? Schema, IReadOnlyList<string> DownFor, int Asked);
