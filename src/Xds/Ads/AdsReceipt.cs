namespace Mesh.Xds.Ads;

/// <summary>What a request turned out to be.</summary>
public enum AdsRequestKind
{
    /// <summary>A subscription, first or changed, that answers no response.</summary>
    Subscribed,

    /// <summary>It accepts a response.</summary>
    Accepted,

    /// <summary>It rejects one.</summary>
    Rejected,

    /// <summary>It answers a response that is no longer the newest, or none of this stream; in state of the world its names were not read.</summary>
    Stale,

    /// <summary>A type that is not served; ignored, since a client may well ask for more than there is.</summary>
    UnknownType,

    /// <summary>It breaks a limit: the stream has to end.</summary>
    Refused,
}

/// <summary>A limit of <see cref="AdsLimits"/> that a request can break.</summary>
public enum AdsLimit
{
    /// <summary><see cref="AdsLimits.NodeIdLength"/>.</summary>
    NodeIdLength,

    /// <summary><see cref="AdsLimits.NameLength"/>.</summary>
    NameLength,

    /// <summary><see cref="AdsLimits.ResourcesPerStream"/>.</summary>
    ResourcesPerStream,

    /// <summary><see cref="AdsLimits.InitialVersions"/>.</summary>
    InitialVersions,
}

/// <summary>What became of a request, and what whoever routes changes to this stream has to know.</summary>
public sealed record AdsReceipt
{
    /// <summary>What it was.</summary>
    public required AdsRequestKind Kind { get; init; }

    /// <summary>Of which type; null for one that is not served.</summary>
    public ResourceType? Type { get; init; }

    /// <summary>Names that are wanted from now on.</summary>
    public IReadOnlyList<string> Added { get; init; } = [];

    /// <summary>Names that are no longer wanted.</summary>
    public IReadOnlyList<string> Removed { get; init; } = [];

    /// <summary>The number of the response that it accepts or rejects, and with it all before that; 0 when neither.</summary>
    public long Answered { get; init; }

    /// <summary>The version that it accepts or rejects; null when neither.</summary>
    public string? Version { get; init; }

    /// <summary>Why the client rejects it, or which limit it breaks; null when neither.</summary>
    public string? Error { get; init; }

    /// <summary>Which limit a refused request breaks; null for any other.</summary>
    public AdsLimit? Broken { get; init; }

    /// <summary>
    /// Resources that are known from this answer on to be refused; the client stays at what it accepted of them before. A refusal that may have several reasons
    /// names none yet: what is suspect is sent again in parts, and the answers to those tell.
    /// </summary>
    public IReadOnlyList<RefusedResource> Refused { get; init; } = [];

    /// <summary>What had been refused before, of resources that the client has accepted in a newer version now.</summary>
    public IReadOnlyList<RefusedResource> Restored { get; init; } = [];
}
