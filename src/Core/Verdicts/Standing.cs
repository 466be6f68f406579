using Mesh.Core.Health;
using Mesh.Core.Localities;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;

namespace Mesh.Core.Verdicts;

/// <summary>Counts a service's endpoints for the budget, by priority where localities make a difference.</summary>
public static class Standing
{
    /// <summary>The name of the priority that an endpoint belongs to.</summary>
    public static string PriorityOf(EndpointSnapshot endpoint, TrafficPolicy policy) =>
        LocalityGroups.BudgetGroup(policy.LocalityLbSetting, endpoint.Locality, endpoint.Labels);

    /// <summary>A proposal with what the budget has to know of its endpoint.</summary>
    public static EjectionProposal Placed(this EjectionProposal proposal, EndpointSnapshot endpoint, TrafficPolicy policy) =>
        proposal with { Priority = PriorityOf(endpoint, policy), Returning = endpoint.Status == HealthStatus.Probing };

    /// <summary>How the service stands.</summary>
    /// <param name="endpoints">All endpoints.</param>
    /// <param name="policy">The policy in force.</param>
    public static EjectionTally Of(IEnumerable<EndpointSnapshot> endpoints, TrafficPolicy policy)
    {
        if (policy.LocalityLbSetting is null)
        {
            return Tally.Of(endpoints.Select(endpoint => endpoint.Status));
        }

        var probing = 0;
        var groups = new SortedDictionary<string, PriorityTally>(StringComparer.Ordinal);
        foreach (var endpoint in endpoints.Where(endpoint => endpoint.Status is not (HealthStatus.Draining or HealthStatus.Expired)))
        {
            var name = PriorityOf(endpoint, policy);
            var one = groups.GetValueOrDefault(name) ?? new(name, 0, 0);
            probing += endpoint.Status == HealthStatus.Probing ? 1 : 0;
            groups[name] = one with { Hosts = one.Hosts + 1, Ejected = one.Ejected + (endpoint.Status == HealthStatus.Ejected ? 1 : 0) };
        }

        return new(groups.Values.Sum(one => one.Hosts), groups.Values.Sum(one => one.Ejected)) { Probing = probing, Priorities = [.. groups.Values] };
    }
}
