namespace Mesh.Xds.Ads;

/// <summary>A resource that a client does not take.</summary>
/// <param name="Type">Of which type.</param>
/// <param name="Name">By which name.</param>
/// <param name="Version">The version that was refused; it is not sent to this client again while the client keeps its subscription.</param>
/// <param name="Error">What the client said, shortened.</param>
public sealed record RefusedResource(ResourceType Type, string Name, string Version, string Error)
{
    /// <summary>The version that the client accepted last, and so goes on with; null when it has none.</summary>
    public string? Accepted { get; init; }
}
