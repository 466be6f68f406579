using System.Collections.Immutable;
using Envoy.Config.Core.V3;
using Envoy.Config.Endpoint.V3;
using Mesh.Core;
using Mesh.Core.Localities;
using Mesh.Core.Policies;

namespace Mesh.Xds.Translation;

/// <summary>
/// A service's endpoints as a ClusterLoadAssignment: one group for each locality and priority. Without a locality setting all are at priority 0, each group's
/// weight the sum of its endpoints', so that an endpoint's share does not depend on where it runs. With one, each client gets what
/// <see cref="LocalityGroups"/> says of its place.
/// </summary>
public static class EndpointsTranslation
{
    /// <summary>The assignment as this kind of client can take it, where localities make no difference. A service without endpoints gets an empty one.</summary>
    /// <param name="service">Whose.</param>
    /// <param name="endpoints">As <see cref="ServedEndpoints"/> lists them.</param>
    /// <param name="kind">For whom.</param>
    public static ClusterLoadAssignment Translate(ServiceId service, ImmutableArray<ServedEndpoint> endpoints, ClientKind kind)
    {
        var shown = Shown(endpoints, kind);
        return Assign(service, shown, Grouped(kind, LocalityGroups.Of(null, ClientPlace.Unknown, [.. shown.Select(static e => e.Placed)])));
    }

    /// <summary>The same for clients in one place.</summary>
    /// <param name="service">Whose.</param>
    /// <param name="endpoints">As <see cref="ServedEndpoints"/> lists them.</param>
    /// <param name="kind">For whom.</param>
    /// <param name="setting">What localities mean.</param>
    /// <param name="client">Where they run.</param>
    public static ClusterLoadAssignment Translate(
        ServiceId service, ImmutableArray<ServedEndpoint> endpoints, ClientKind kind, LocalityLbSetting setting, ClientPlace client)
    {
        // Groups are made of what the client is shown: a priority whose endpoints are all ejected is none for gRPC, which takes no gaps.
        var shown = Shown(endpoints, kind);
        var assignment = Assign(service, shown, Grouped(kind, LocalityGroups.Of(setting, client, [.. shown.Select(static e => e.Placed)])));
        if (kind.HeedsHealth())
        {
            assignment.Policy = new() { OverprovisioningFactor = PriorityLoad.Overprovisioning };
        }

        return assignment;
    }

    private static ImmutableArray<ServedEndpoint> Shown(ImmutableArray<ServedEndpoint> endpoints, ClientKind kind)
    {
        var shown = kind.HeedsHealth() ? endpoints : [.. endpoints.Where(static e => e.InRotation)];
        return kind == ClientKind.Mosn ? PlainEndpoints.Scale(shown) : shown;
    }

    private static ImmutableArray<LocalityGroup> Grouped(ClientKind kind, ImmutableArray<LocalityGroup> groups) =>
        kind == ClientKind.Mosn ? PlainEndpoints.Group(groups) : groups;

    private static ClusterLoadAssignment Assign(ServiceId service, ImmutableArray<ServedEndpoint> endpoints, ImmutableArray<LocalityGroup> groups)
    {
        var assignment = new ClusterLoadAssignment { ClusterName = service.ToString() };
        foreach (var group in groups)
        {
            assignment.Endpoints.Add(new LocalityLbEndpoints
            {
                Locality = new() { Region = group.Locality.Region, Zone = group.Locality.Zone, SubZone = group.Locality.SubZone },
                LoadBalancingWeight = group.Weight,
                Priority = (uint)group.Priority,
                LbEndpoints = { group.Members.Select(index => Translate(endpoints[index])) },
            });
        }

        return assignment;
    }

    private static LbEndpoint Translate(ServedEndpoint endpoint) => new()
    {
        Endpoint = new()
        {
            Address = new() { SocketAddress = new SocketAddress { Address = endpoint.Address, PortValue = (uint)endpoint.Port } },
        },
        HealthStatus = endpoint.InRotation ? HealthStatus.Healthy : HealthStatus.Unhealthy,
        LoadBalancingWeight = endpoint.Weight,
    };
}
