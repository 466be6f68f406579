using Envoy.Config.Core.V3;
using Envoy.Service.Discovery.V3;

namespace Mesh.Xds.Ads;

/// <summary>What a stream needs of a DiscoveryRequest.</summary>
public sealed record StateOfTheWorldRequest
{
    /// <summary>The client; only the first request has to say.</summary>
    public Node? Node { get; init; }

    /// <summary>The type that it is about, as a URL.</summary>
    public string TypeUrl { get; init; } = "";

    /// <summary>Which response it answers; empty when none.</summary>
    public string ResponseNonce { get; init; } = "";

    /// <summary>What the client says against that response; null when it accepts it.</summary>
    public string? Complaint { get; init; }

    /// <summary>All that the client wants of the type. Never changed once made: equal lists may be one list, of several requests and of several clients.</summary>
    public string[] ResourceNames { get; init; } = [];

    /// <summary>The same from the message.</summary>
    public static StateOfTheWorldRequest Of(DiscoveryRequest request) => new()
    {
        Node = request.Node,
        TypeUrl = request.TypeUrl,
        ResponseNonce = request.ResponseNonce,
        Complaint = request.ErrorDetail?.Message,
        ResourceNames = [.. request.ResourceNames],
    };
}
