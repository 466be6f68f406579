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

    /// <summary>The one listener of an ingress, and its route configuration: the services within its reach.</summary>
    public const string Ingress = "mesh_ingress";

    /// <summary>The name of the listener and the route configuration of clients in this role.</summary>
    public static string RoutesOf(ClientRole role) => role == ClientRole.Ingress ? Ingress : Outbound;

    /// <summary>The role whose route configuration has this name; null for the name of anything else.</summary>
    public static ClientRole? RoleOf(string name) => name switch
    {
        Outbound => ClientRole.Sidecar,
        Ingress => ClientRole.Ingress,
        _ => null,
    };

    /// <summary>The service that a resource of this type and name describes; null when the name cannot mean one.</summary>
    public static ServiceId? ServiceOf(ResourceType type, string name) => type switch
    {
        ResourceType.Cluster or ResourceType.Endpoints => ServiceId.TryParse(name, out var id) ? id : null,
        _ when RoleOf(name) is not null => null,
        _ => HostNames.Resolve(WithoutPort(name)),
    };

    /// <summary>The host of <c>host</c> or <c>host:port</c>.</summary>
    public static string WithoutPort(string authority)
    {
        var colon = authority.LastIndexOf(':');
        return colon >= 0 && authority.AsSpan(colon + 1).IndexOfAnyExceptInRange('0', '9') < 0 ? authority[..colon] : authority;
    }
}
