using Mesh.Core.Health;
using Mesh.Simulation.Nodes;

namespace Mesh.Simulation.Rules;

/// <summary>
/// After healing the mesh is whole: who wants to be registered is, nobody else; all are in rotation at their full weight; and every proxy uses them all.
/// </summary>
public sealed class EverybodyReturns : IRule
{
    public string Name => "everybody returns";

    public void Watch(World world)
    {
    }

    public void Healed(World world)
    {
        var endpoints = world.Silo.Published!.Endpoints;
        var wanted = world.Workloads.Where(w => w.Wanted).Select(w => w.Backend.Id).Order(StringComparer.Ordinal).ToList();
        if (!wanted.SequenceEqual(endpoints.Select(e => e.Id)))
        {
            throw new RuleBrokenException(Name, $"registered are [{string.Join(", ", endpoints.Select(e => e.Id))}], and should be [{string.Join(", ", wanted)}].");
        }

        foreach (var endpoint in endpoints)
        {
            if (endpoint.Status is not (HealthStatus.Healthy or HealthStatus.Suspect) || endpoint.Weight != endpoint.ConfiguredWeight * 100)
            {
                throw new RuleBrokenException(
                    Name, $"{endpoint.Id} is {endpoint.Status} at weight {endpoint.Weight} of {endpoint.ConfiguredWeight * 100} ({endpoint.Reason}; until {endpoint.EjectedUntil:HH:mm:ss}), although nothing has been wrong with it for long enough.");
            }
        }

        foreach (var proxy in world.Proxies)
        {
            if (proxy.Lapsed || proxy.Cluster is not { } cluster || cluster.Usable.Length != wanted.Count)
            {
                throw new RuleBrokenException(Name, $"{proxy.Name} uses {proxy.Cluster?.Usable.Length ?? 0} of {wanted.Count} endpoints.");
            }
        }
    }
}
