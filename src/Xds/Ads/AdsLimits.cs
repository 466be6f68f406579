namespace Mesh.Xds.Ads;

/// <summary>What one stream may ask for, and how much it is sent at a time.</summary>
public sealed record AdsLimits
{
    /// <summary>Names that one stream may subscribe to, over all types.</summary>
    public int ResourcesPerStream { get; init; } = 10_000;

    /// <summary>Characters of a node's id.</summary>
    public int NodeIdLength { get; init; } = 256;

    /// <summary>
    /// Bytes of a response after which no further resource is added to it, for the types that may be sent in parts. gRPC clients take 4 MB.
    /// </summary>
    public int ResponseBytes { get; init; } = 2 * 1024 * 1024;

    /// <summary>Characters that are kept of what a client says when it rejects something.</summary>
    public int ErrorLength { get; init; } = 1024;

    /// <summary>Responses of one type that may wait for an answer and still be told apart; older ones are forgotten.</summary>
    public int Unanswered { get; init; } = 32;
}
