using Envoy.Config.Core.V3;

namespace Mesh.Xds.Translation;

/// <summary>
/// Who asks. What is sent must fit: proxyless gRPC refuses (or crashes on) what Envoy needs, and our own proxy understands the sidecar's form
/// but judges endpoints by itself only while the control plane is away.
/// </summary>
public enum ClientKind
{
    /// <summary>A sidecar that was written for Envoy's configuration: Envoy, MOSN, and whatever names itself nothing we know.</summary>
    Sidecar,

    /// <summary>A gRPC library that resolves <c>xds:///</c> by itself.</summary>
    ProxylessGrpc,

    /// <summary>This project's own proxy.</summary>
    MeshProxy,
}

/// <summary>Tells kinds of clients apart.</summary>
public static class ClientKinds
{
    /// <summary>What our own proxy calls itself in <c>node.user_agent_name</c>.</summary>
    public const string MeshProxyUserAgent = "mesh-proxy";

    // Every gRPC library says this of itself; Envoy never does.
    private const string GrpcFeature = "envoy.lb.does_not_support_overprovisioning";

    /// <summary>All kinds.</summary>
    public static IReadOnlyList<ClientKind> All { get; } = [ClientKind.Sidecar, ClientKind.ProxylessGrpc, ClientKind.MeshProxy];

    /// <summary>The kind of the client that a node describes; a null node is taken for a sidecar.</summary>
    public static ClientKind Of(Node? node) => node switch
    {
        null => ClientKind.Sidecar,
        { UserAgentName: MeshProxyUserAgent } => ClientKind.MeshProxy,
        _ when node.UserAgentName.StartsWith("grpc", StringComparison.OrdinalIgnoreCase) => ClientKind.ProxylessGrpc,
        _ when node.ClientFeatures.Contains(GrpcFeature) => ClientKind.ProxylessGrpc,
        _ => ClientKind.Sidecar,
    };
}
