using System.Globalization;
using Envoy.Config.Core.V3;

namespace Mesh.Xds.Translation;

/// <summary>Tells kinds of clients apart, and what they understand.</summary>
public static class ClientKinds
{
    /// <summary>What our own proxy calls itself in <c>node.user_agent_name</c>.</summary>
    public const string MeshProxyUserAgent = "mesh-proxy";

    private const string EnvoyUserAgent = "envoy";

    // Every gRPC library says this of itself; Envoy never does.
    private const string GrpcFeature = "envoy.lb.does_not_support_overprovisioning";

    /// <summary>All kinds.</summary>
    public static IReadOnlyList<ClientKind> All { get; } = Enum.GetValues<ClientKind>();

    /// <summary>The kind of the client that a node describes; a null node is taken for a sidecar.</summary>
    public static ClientKind Of(Node? node) => node switch
    {
        null => ClientKind.Sidecar,
        { UserAgentName: MeshProxyUserAgent } => ClientKind.MeshProxy,
        _ when node.UserAgentName.StartsWith("grpc", StringComparison.OrdinalIgnoreCase) => ClientKind.ProxylessGrpc,
        _ when node.ClientFeatures.Contains(GrpcFeature) => ClientKind.ProxylessGrpc,
        // Every Envoy that speaks v3 gives its name, every gRPC library too; MOSN gives none.
        { UserAgentName: "" } => ClientKind.Mosn,
        { UserAgentName: EnvoyUserAgent } => VersionOf(node) switch
        {
            (1, < 17) => ClientKind.EnvoyTo116,
            (1, < 23) => ClientKind.EnvoyTo122,
            _ => ClientKind.Sidecar,
        },
        _ => ClientKind.Sidecar,
    };

    /// <summary>Whether it heeds an endpoint's health; who does not must not be shown an endpoint that gets no requests.</summary>
    public static bool HeedsHealth(this ClientKind kind) => kind is not (ClientKind.ProxylessGrpc or ClientKind.Mosn);

    /// <summary>Whether a route configuration can tell it to take <c>greeter:8080</c> for <c>greeter</c>; who cannot be told needs <c>greeter:*</c> as a domain.</summary>
    public static bool MayIgnorePorts(this ClientKind kind) => kind is not (ClientKind.Mosn or ClientKind.EnvoyTo122 or ClientKind.EnvoyTo116);

    /// <summary>Whether it takes <c>HttpProtocolOptions</c> as an extension; the others have fields of the cluster that Envoy has given up since.</summary>
    public static bool TakesHttpProtocolOptions(this ClientKind kind) => kind is not (ClientKind.Mosn or ClientKind.EnvoyTo116);

    // Null when it does not say, or not in a way that we know; then it is taken to be new.
    private static (int Major, int Minor)? VersionOf(Node node)
    {
        if (node.UserAgentBuildVersion?.Version is { } built)
        {
            return ((int)Math.Min(built.MajorNumber, int.MaxValue), (int)Math.Min(built.MinorNumber, int.MaxValue));
        }

        return node.UserAgentVersion.Split('.') is [var major, var minor, ..]
            && int.TryParse(major, NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && int.TryParse(minor, NumberStyles.None, CultureInfo.InvariantCulture, out var second)
            ? (first, second)
            : null;
    }
}
