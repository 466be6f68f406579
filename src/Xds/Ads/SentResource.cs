using Mesh.Xds.Encoding;

namespace Mesh.Xds.Ads;

/// <summary>One resource as a stream's client has it, as far as we know.</summary>
/// <param name="Type">Of which type.</param>
/// <param name="Name">By which name.</param>
/// <param name="Sent">The version that was sent last.</param>
/// <param name="Accepted">The version that the client last accepted and so goes on using; null when it has accepted none yet.</param>
/// <param name="Refused">What the client said of the version that it refused last, while that is still the newest; null when it refused none.</param>
public sealed record SentResource(ResourceType Type, string Name, string Sent, string? Accepted, string? Refused)
{
    /// <summary>What was sent last, as it went over the wire: the bytes that all streams share. Null when it is not held any more.</summary>
    public EncodedResource? Held { get; init; }
}
