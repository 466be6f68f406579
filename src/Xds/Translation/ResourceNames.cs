using Mesh.Core;

namespace Mesh.Xds.Translation;

/// <summary>
/// Which service a resource's name leads to. Clusters and endpoints are called by the service's id (<c>namespace/name</c>); listeners and
/// routes by whatever host name the client dials, with or without a port.
/// </summary>
public static class ResourceNames
{
    /// <summary>The one listener of a sidecar, and its route configuration: every service of the mesh by host name.</summary>
    public const string Outbound = "mesh_outbound";

    /// <summary>The service that a resource of this type and name describes; null when the name cannot mean one.</summary>
    public static ServiceId? ServiceOf(ResourceType type, string name) => type switch
    {
        ResourceType.Cluster or ResourceType.Endpoints => ServiceId.TryParse(name, out var id) ? id : null,
        _ when name == Outbound => null,
        _ => HostNames.Resolve(WithoutPort(name)),
    };

    /// <summary>The host of <c>host</c> or <c>host:port</c>.</summary>
    public static string WithoutPort(string authority)
    {
        var colon = authority.LastIndexOf(':');
        return colon >= 0 && authority.AsSpan(colon + 1).IndexOfAnyExceptInRange('0', '9') < 0 ? authority[..colon] : authority;
    }
}
