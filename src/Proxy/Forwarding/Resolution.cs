using Mesh.Proxy.Model;
using Mesh.Proxy.Upstream;

namespace Mesh.Proxy.Forwarding;

/// <summary>Where a request goes, or what stands in its way.</summary>
public enum ResolutionKind
{
    /// <summary>Route and cluster are known.</summary>
    Found,

    /// <summary>The answer is in the route itself.</summary>
    Direct,

    /// <summary>The host was never asked for.</summary>
    Unasked,

    /// <summary>Some of its configuration is still on its way.</summary>
    Pending,

    /// <summary>The control plane does not know the host; it may only be a moment behind.</summary>
    Absent,

    /// <summary>The host is known, but none of its routes takes the path.</summary>
    NoRoute,
}

/// <summary>The outcome of a look-up.</summary>
public readonly record struct Resolution(ResolutionKind Kind, HostModel? Host = null, RouteRule? Route = null, ClusterModel? Cluster = null)
{
    /// <summary>Finds where a request goes in one version of the configuration.</summary>
    /// <param name="config">The version.</param>
    /// <param name="host">Lower case, without a port.</param>
    /// <param name="path">Beginning with a slash, without the query.</param>
    /// <param name="roll">In [0, 1); picks among weighted clusters.</param>
    public static Resolution Of(ProxyConfig config, string host, string path, double roll)
    {
        if (!config.Hosts.TryGetValue(host, out var model))
        {
            return new(ResolutionKind.Unasked);
        }

        if (model.Status != HostStatus.Ready)
        {
            return new(model.Status == HostStatus.Absent ? ResolutionKind.Absent : ResolutionKind.Pending, model);
        }

        if (model.Routes!.Match(host, path) is not { } route)
        {
            return new(ResolutionKind.NoRoute, model);
        }

        if (route.DirectStatus != 0)
        {
            return new(ResolutionKind.Direct, model, route);
        }

        return config.Clusters.TryGetValue(route.ClusterFor(roll), out var cluster)
            ? new(ResolutionKind.Found, model, route, cluster)
            : new(ResolutionKind.Pending, model, route);
    }
}
