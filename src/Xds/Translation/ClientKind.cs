namespace Mesh.Xds.Translation;

/// <summary>
/// Which of xDS's dialects a client speaks. What is sent must fit: what one refuses (or crashes on) another needs, and a third takes it without a word
/// and does something else. The facts behind each are in docs/xds.md.
/// </summary>
public enum ClientKind
{
    /// <summary>Envoy, and whatever names itself nothing we know.</summary>
    Sidecar,

    /// <summary>A gRPC library that resolves <c>xds:///</c> by itself.</summary>
    ProxylessGrpc,

    /// <summary>This project's own proxy: as a sidecar, but it judges endpoints by itself only while the control plane is away.</summary>
    MeshProxy,

    /// <summary>
    /// MOSN, and whoever does not say what it is: it reads neither health nor priorities, of several localities only the last, and no weight beyond 128.
    /// </summary>
    Mosn,

    /// <summary>Envoy before 1.23, which does not know <c>ignore_port_in_host_matching</c>.</summary>
    EnvoyTo122,

    /// <summary>Envoy before 1.17, which also refuses clusters with <c>HttpProtocolOptions</c>.</summary>
    EnvoyTo116,
}
