namespace Mesh.Xds.Ads;

/// <summary>Where a stream stands with one type.</summary>
/// <param name="Type">Which.</param>
/// <param name="Wanted">Names subscribed to; -1 for all.</param>
/// <param name="Sent">The version sent last; null before the first.</param>
/// <param name="Accepted">The last good version: rejections leave it as it is; null before the first.</param>
/// <param name="Pending">Whether a response waits for its answer, or a change to be sent.</param>
/// <param name="Error">What the client said of the last response it answered, if it rejected that, or of a resource that it still refuses; null otherwise.</param>
/// <param name="Refused">Resources that it refuses in their newest version.</param>
public sealed record AdsTypeStatus(ResourceType Type, int Wanted, string? Sent, string? Accepted, bool Pending, string? Error, int Refused = 0)
{
    /// <summary>How many resources it was sent and wants still.</summary>
    public int Held { get; init; }
}
