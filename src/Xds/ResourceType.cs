namespace Mesh.Xds;

/// <summary>The types of resources that are served, in the order in which a stream is sent them (make before break).</summary>
public enum ResourceType
{
    /// <summary>CDS.</summary>
    Cluster,

    /// <summary>EDS.</summary>
    Endpoints,

    /// <summary>LDS.</summary>
    Listener,

    /// <summary>RDS.</summary>
    Route,
}

/// <summary>What a <see cref="ResourceType"/> is called on the wire and by people.</summary>
public static class ResourceTypes
{
    /// <summary>The type URL of clusters.</summary>
    public const string ClusterUrl = "type.googleapis.com/envoy.config.cluster.v3.Cluster";

    /// <summary>The type URL of endpoints.</summary>
    public const string EndpointsUrl = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";

    /// <summary>The type URL of listeners.</summary>
    public const string ListenerUrl = "type.googleapis.com/envoy.config.listener.v3.Listener";

    /// <summary>The type URL of route configurations.</summary>
    public const string RouteUrl = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";

    /// <summary>All of them, in the order in which they are sent.</summary>
    public static IReadOnlyList<ResourceType> InOrder { get; } =
        [ResourceType.Cluster, ResourceType.Endpoints, ResourceType.Listener, ResourceType.Route];

    /// <summary>The type URL.</summary>
    public static string Url(this ResourceType type) => type switch
    {
        ResourceType.Cluster => ClusterUrl,
        ResourceType.Endpoints => EndpointsUrl,
        ResourceType.Listener => ListenerUrl,
        ResourceType.Route => RouteUrl,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a resource type."),
    };

    /// <summary>CDS, EDS, LDS or RDS.</summary>
    public static string ShortName(this ResourceType type) => type switch
    {
        ResourceType.Cluster => "CDS",
        ResourceType.Endpoints => "EDS",
        ResourceType.Listener => "LDS",
        ResourceType.Route => "RDS",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a resource type."),
    };

    /// <summary>Which type a URL names; null for one that is not served.</summary>
    public static ResourceType? FromUrl(string url) => url switch
    {
        ClusterUrl => ResourceType.Cluster,
        EndpointsUrl => ResourceType.Endpoints,
        ListenerUrl => ResourceType.Listener,
        RouteUrl => ResourceType.Route,
        _ => null,
    };
}
