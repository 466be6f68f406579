using Mesh.Xds.Encoding;
using Mesh.Xds.Translation;

namespace Mesh.Xds.Resources;

/// <summary>The listeners that belong to no service and never change: a sidecar's, an ingress's, and those of gRPC servers, which are made of their name.</summary>
internal static class MeshListeners
{
    private static readonly IReadOnlyList<EncodedResource> Outbound =
        [default(Stamp).Encode(ResourceType.Listener, ResourceNames.Outbound, ListenerTranslation.Outbound())];

    private static readonly IReadOnlyList<EncodedResource> Ingress =
        [default(Stamp).Encode(ResourceType.Listener, ResourceNames.Ingress, ListenerTranslation.Ingress())];

    /// <summary>What a wildcard means.</summary>
    public static IReadOnlyList<EncodedResource> Of(ClientRole role) => role == ClientRole.Ingress ? Ingress : Outbound;

    /// <summary>The one of that name; null when it is none of these.</summary>
    public static EncodedResource? Find(string name) => name switch
    {
        ResourceNames.Outbound => Outbound[0],
        ResourceNames.Ingress => Ingress[0],
        _ when GrpcServerName.TryParse(name, out var address) =>
            default(Stamp).Encode(ResourceType.Listener, name, ListenerTranslation.GrpcServer(name, address)),
        _ => null,
    };
}
