using Envoy.Config.Core.V3;

namespace Mesh.Xds.Ads;

/// <summary>What requests of both variants say.</summary>
public abstract record AdsRequest
{
    /// <summary>The client; only the first request has to say.</summary>
    public Node? Node { get; init; }

    /// <summary>The type that it is about, as a URL.</summary>
    public string TypeUrl { get; init; } = "";

    /// <summary>Which response it answers; empty when none.</summary>
    public string ResponseNonce { get; init; } = "";

    /// <summary>What the client says against that response; null when it accepts it.</summary>
    public string? Complaint { get; init; }
}
