using Mesh.Core.Health;
using Mesh.Grains.Services;

namespace Mesh.Simulation.Cluster.Rules;

/// <summary>
/// After the last fault everything is whole within a bound: all silos take part, owners have what they asked for, every gateway shows every endpoint in rotation at its full weight, and
/// checks go on.
/// </summary>
public sealed class EverythingHeals : IClusterRule
{
    public string Name => "everything heals";

    public void Watch(ClusterWorld cluster)
    {
    }

    public void Healed(ClusterWorld cluster)
    {
        foreach (var silo in cluster.Silos.Where(silo => !silo.Ready || silo.Agent.View.Active.Count != cluster.Silos.Count))
        {
            cluster.Break(Name, $"{silo.Address} sees {silo.Agent.View.Active.Count} of {cluster.Silos.Count} silos.");
        }

        foreach (var owner in cluster.Owners.Where(owner => !owner.AtRest))
        {
            cluster.Break(Name, $"the owner of {owner.Endpoint.Key} is still at {cluster.Commands.Under(owner.Endpoint.Key)?.ToString() ?? "nothing, without a registration"}.");
        }

        foreach (var endpoints in cluster.Endpoints.GroupBy(endpoint => endpoint.Service))
        {
            Whole(cluster, endpoints.Key.ToString(), [.. endpoints.Select(endpoint => endpoint.Id).Order(StringComparer.Ordinal)]);
        }

        foreach (var endpoint in cluster.Endpoints.Where(endpoint => cluster.ChecksOf(endpoint.Service) is { } check && cluster.Simulator.Now - endpoint.Checked > 3 * check.Interval))
        {
            cluster.Break(Name, $"{endpoint.Key} was checked last at {endpoint.Checked:HH:mm:ss.fff}.");
        }
    }

    private void Whole(ClusterWorld cluster, string service, IReadOnlyList<string> wanted)
    {
        var listed = cluster.Store.Find<ServiceRow>("service", service)?.Endpoints.Order(StringComparer.Ordinal).ToList() ?? [];
        if (!listed.SequenceEqual(wanted))
        {
            cluster.Break(Name, $"{service} lists [{string.Join(", ", listed)}], and should list [{string.Join(", ", wanted)}].");
        }

        foreach (var gateway in cluster.Gateways)
        {
            var shown = gateway.Shown.FirstOrDefault(one => one.Key.ToString() == service).Value;
            if (shown is null || !shown.Endpoints.Select(endpoint => endpoint.Id).SequenceEqual(wanted))
            {
                cluster.Break(Name, $"{gateway.Name} shows [{string.Join(", ", shown?.Endpoints.Select(endpoint => endpoint.Id) ?? [])}] of {service}.");
            }

            foreach (var endpoint in shown?.Endpoints ?? [])
            {
                if (endpoint.Status is not (HealthStatus.Healthy or HealthStatus.Suspect) || endpoint.Weight != 100 * endpoint.ConfiguredWeight)
                {
                    cluster.Break(Name, $"{gateway.Name} shows {endpoint.Id} of {service} {endpoint.Status} at weight {endpoint.Weight} ({endpoint.Reason}; until {endpoint.EjectedUntil:HH:mm:ss}) in {shown!.Version}.");
                }
            }
        }
    }
}
