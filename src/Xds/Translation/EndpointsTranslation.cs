using System.Collections.Immutable;
using Envoy.Config.Core.V3;
using Envoy.Config.Endpoint.V3;
using Mesh.Core;

namespace Mesh.Xds.Translation;

/// <summary>
/// A service's endpoints as a ClusterLoadAssignment: one group for each locality, all at priority 0, each group's weight the sum of its
/// endpoints' so that an endpoint's share does not depend on where it runs.
/// </summary>
public static class EndpointsTranslation
{
    /// <summary>The assignment as this kind of client can take it. A service without endpoints gets an empty one.</summary>
    /// <param name="service">Whose.</param>
    /// <param name="endpoints">Grouped by locality, as <see cref="ServedEndpoints"/> orders them.</param>
    /// <param name="kind">For whom.</param>
    public static ClusterLoadAssignment Translate(ServiceId service, ImmutableArray<ServedEndpoint> endpoints, ClientKind kind)
    {
        var assignment = new ClusterLoadAssignment { ClusterName = service.ToString() };
        LocalityLbEndpoints? group = null;
        Mesh.Core.Locality? locality = null;
        foreach (var endpoint in endpoints)
        {
            if (!endpoint.InRotation && kind == ClientKind.ProxylessGrpc)
            {
                continue;
            }

            if (group is null || endpoint.Locality != locality)
            {
                locality = endpoint.Locality;
                group = new LocalityLbEndpoints
                {
                    Locality = new() { Region = locality.Region, Zone = locality.Zone, SubZone = locality.SubZone },
                    LoadBalancingWeight = 0,
                };
                assignment.Endpoints.Add(group);
            }

            group.LbEndpoints.Add(Translate(endpoint));
            group.LoadBalancingWeight += endpoint.Weight;
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
