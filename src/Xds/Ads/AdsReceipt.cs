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

    /// <summary>It answers a response that is no longer the newest, or none of this stream; its names were not read.</summary>
    Stale,

    /// <summary>A type that is not served; ignored, since a client may well ask for more than there is.</summary>
    UnknownType,

    /// <summary>It breaks a limit: the stream has to end.</summary>
    Refused,
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

    /// <summary>The version that it accepts or rejects; null when neither.</summary>
    public string? Version { get; init; }

    /// <summary>Why the client rejects it, or which limit it breaks; null when neither.</summary>
    public string? Error { get; init; }
}
