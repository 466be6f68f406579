using Envoy.Service.Discovery.V3;

namespace Mesh.Xds.Ads;

/// <summary>What a stream needs of a DiscoveryRequest.</summary>
public sealed record StateOfTheWorldRequest : AdsRequest
{
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
