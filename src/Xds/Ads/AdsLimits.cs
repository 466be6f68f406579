using System.Collections.Immutable;

namespace Mesh.Xds.Ads;

/// <summary>What one stream may ask for, and how much it is sent at a time.</summary>
public sealed record AdsLimits
{
    /// <summary>Names that one stream may subscribe to, over all types.</summary>
    public int ResourcesPerStream { get; init; } = 10_000;

    /// <summary>Characters of a resource's name: a stream keeps each that it is asked for.</summary>
    public int NameLength { get; init; } = 1024;

    /// <summary>Characters that are kept of each other thing that a node says of itself.</summary>
    public int NodeFieldLength { get; init; } = 256;

    /// <summary>Characters of a node's id.</summary>
    public int NodeIdLength { get; init; } = 256;

    /// <summary>
    /// Bytes of a response after which no further resource is added to it, where a response may be a part. gRPC clients take 4 MB.
    /// </summary>
    public int ResponseBytes { get; init; } = 2 * 1024 * 1024;

    /// <summary>Characters that are kept of what a client says when it rejects something.</summary>
    public int ErrorLength { get; init; } = 1024;

    /// <summary>Responses of one type that may wait for an answer and still be told apart; older ones are forgotten.</summary>
    public int Unanswered { get; init; } = 32;

    /// <summary>Resources of one type that a client may say it holds when it connects by the delta protocol.</summary>
    public int InitialVersions { get; init; } = 100_000;

    /// <summary>
    /// How long resources live at clients that take resources with a time to live (<c>xds.config.supports-resource-ttl</c>), unless they are sent again or repeated by
    /// a heartbeat; to be repeated at a third of it. Types that are not in it live for ever, which is the default for all: a client that cannot reach its
    /// control plane serves best with what it knew.
    /// </summary>
    public IReadOnlyDictionary<ResourceType, TimeSpan> ResourceTtl { get; init; } = ImmutableDictionary<ResourceType, TimeSpan>.Empty;
}
