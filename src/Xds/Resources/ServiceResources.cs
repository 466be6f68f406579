using System.Collections.Immutable;
using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Xds.Translation;

namespace Mesh.Xds.Resources;

/// <summary>What changed from one snapshot to the next, as far as a client can tell.</summary>
/// <param name="Service">Of which service.</param>
/// <param name="Cluster">Its CDS resource.</param>
/// <param name="Endpoints">Its EDS resource.</param>
/// <param name="Routes">Its LDS and RDS resources, and so the routes of all services.</param>
public readonly record struct ResourceChange(ServiceId Service, bool Cluster, bool Endpoints, bool Routes)
{
    /// <summary>Whether anybody has to be sent anything.</summary>
    public bool Any => Cluster || Endpoints || Routes;

    /// <summary>The services whose routes lead to this one; null when there are none.</summary>
    public ImmutableHashSet<ServiceId>? LedFrom { get; init; }

    /// <summary>Other services that its routes lead to and did not, or no longer do; null when there are none.</summary>
    public ImmutableArray<ServiceId>? Led { get; init; }

    /// <summary>Whether the service's cluster and endpoints are within a reach, or the routes to something that is lead to it.</summary>
    public bool IsWithin(Reach reach) => reach.Includes(Service) || LedFrom?.Any(reach.Includes) == true;

    /// <summary>Whether the clusters of a client with this reach may differ: a split service brings along those that its routes lead to.</summary>
    public bool ConcernsClusters(Reach reach) =>
        (Cluster && IsWithin(reach)) || (Led is not null && reach.Includes(Service));
}

/// <summary>
/// All resources of one service, made of one snapshot. Parts that say the same as those of the snapshot before are taken over with their
/// bytes: a run of failures, a new reason or a longer lease changes the snapshot but nothing that a client is sent.
/// </summary>
internal sealed class ServiceResources
{
    private ServiceResources(ClusterPart cluster, EndpointsPart endpoints, RoutePart routes)
    {
        Cluster = cluster;
        Endpoints = endpoints;
        Routes = routes;
    }

    public ClusterPart Cluster { get; }

    public EndpointsPart Endpoints { get; }

    public RoutePart Routes { get; }

    /// <summary>A service that does not exist, and that routes lead to all the same: it has no endpoints.</summary>
    public static ServiceResources Absent(ServiceId service, Stamp stamp) => Of(
        new ServiceSnapshot { Service = service, Version = default, Endpoints = [], Policy = TrafficPolicy.Default, At = stamp.At }, null, stamp).Resources;

    public static (ServiceResources Resources, ResourceChange Change) Of(ServiceSnapshot snapshot, ServiceResources? before, Stamp stamp)
    {
        var served = ServedEndpoints.Of(snapshot);
        var cluster = before?.Cluster.Says(snapshot.Policy) == true ? before.Cluster : new(snapshot.Service, snapshot.Policy, stamp);
        var endpoints = before?.Endpoints.Says(served, snapshot.Policy.LocalityLbSetting) == true
            ? before.Endpoints
            : new(snapshot.Service, served, snapshot.Policy.LocalityLbSetting, stamp, before?.Endpoints);
        var routes = before?.Routes.Says(snapshot.Policy, snapshot.Routing) == true
            ? before.Routes
            : new(snapshot.Service, snapshot.Policy, snapshot.Routing, stamp);
        var change = new ResourceChange(
            snapshot.Service, cluster != before?.Cluster, endpoints != before?.Endpoints, routes != before?.Routes);
        return (new ServiceResources(cluster, endpoints, routes), change);
    }
}
