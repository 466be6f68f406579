using System.Collections.Immutable;
using System.Net;
using Envoy.Config.Endpoint.V3;
using Mesh.Core;
using Mesh.Core.Localities;
using Mesh.Proxy.Model;
using Wire = Envoy.Config.Core.V3;

namespace Mesh.Proxy.Discovery;

/// <summary>Reads EDS resources.</summary>
public static class EndpointsDecoder
{
    private const uint MostPriorities = 128;

    /// <summary>What the assignment says.</summary>
    /// <exception cref="RefusedResourceException">An endpoint has no usable address, or is listed twice.</exception>
    public static EndpointsConfig Decode(ClusterLoadAssignment assignment)
    {
        if (assignment.ClusterName.Length == 0)
        {
            throw new RefusedResourceException("cluster_name: is empty");
        }

        var endpoints = ImmutableArray.CreateBuilder<EndpointConfig>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var weights = ImmutableDictionary.CreateBuilder<(int, Locality), uint>();
        for (var group = 0; group < assignment.Endpoints.Count; group++)
        {
            var locality = assignment.Endpoints[group];
            var priority = Priority(locality.Priority, group);
            var place = locality.Locality is { } at ? new Locality(at.Region, at.Zone, at.SubZone) : Locality.Unknown;
            if (!weights.TryAdd((priority, place), locality.LoadBalancingWeight ?? 0))
            {
                throw new RefusedResourceException($"endpoints[{group}]: the locality is listed twice at priority {priority}");
            }

            for (var i = 0; i < locality.LbEndpoints.Count; i++)
            {
                var endpoint = Decode(locality.LbEndpoints[i], place, priority, $"endpoints[{group}].lb_endpoints[{i}]");
                if (!seen.Add(endpoint.Key))
                {
                    throw new RefusedResourceException($"endpoints[{group}].lb_endpoints[{i}]: {endpoint.Key} is listed twice");
                }

                endpoints.Add(endpoint);
            }
        }

        return new EndpointsConfig(assignment.ClusterName, endpoints.DrainToImmutable())
        {
            Overprovisioning = Overprovisioning(assignment.Policy),
            LocalityWeights = weights.ToImmutable(),
        };
    }

    // Envoy's bound.
    private static int Priority(uint priority, int group) => priority <= MostPriorities
        ? (int)priority
        : throw new RefusedResourceException($"endpoints[{group}].priority: {priority} is not within 0 to {MostPriorities}");

    private static int Overprovisioning(ClusterLoadAssignment.Types.Policy? policy) => policy?.OverprovisioningFactor switch
    {
        null => PriorityLoad.Overprovisioning,
        0 => throw new RefusedResourceException("policy.overprovisioning_factor: must be at least 1"),
        var factor => (int)Math.Min(factor.Value, int.MaxValue),
    };

    private static EndpointConfig Decode(LbEndpoint endpoint, Locality locality, int priority, string path)
    {
        var address = endpoint.Endpoint?.Address?.SocketAddress
            ?? throw new RefusedResourceException($"{path}.endpoint.address.socket_address: is missing");
        if (!IPAddress.TryParse(address.Address, out var ip))
        {
            throw new RefusedResourceException($"{path}.endpoint.address.socket_address.address: '{address.Address}' is not an IP address");
        }

        if (address.PortValue is 0 or > 65535)
        {
            throw new RefusedResourceException($"{path}.endpoint.address.socket_address.port_value: {address.PortValue} is not within 1 to 65535");
        }

        var weight = endpoint.LoadBalancingWeight ?? 1;
        return weight == 0
            ? throw new RefusedResourceException($"{path}.load_balancing_weight: must be at least 1")
            : new EndpointConfig(ip.ToString(), (int)address.PortValue, (int)Math.Min(weight, int.MaxValue), Health(endpoint.HealthStatus), locality, priority);
    }

    private static EndpointHealth Health(Wire.HealthStatus status) => status switch
    {
        Wire.HealthStatus.Unhealthy or Wire.HealthStatus.Timeout => EndpointHealth.Unhealthy,
        Wire.HealthStatus.Draining => EndpointHealth.Draining,
        _ => EndpointHealth.Healthy,
    };
}
