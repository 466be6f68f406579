using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Core.Snapshots;
using Mesh.Simulation.Nodes;

namespace Mesh.Simulation.Rules;

/// <summary>
/// No ejection, but by hand, takes a service beyond its budget. Checked where it is decided and without asking the budget; that each proxy is told nothing else
/// is <see cref="AcknowledgedIsCompiled"/>'s. The share may grow past the budget afterwards, when others leave or a policy lowers it; that ejects nobody.
/// </summary>
public sealed class BudgetIsKept : IRule
{

    public string Name => "the budget is kept";

    public void Watch(World world) => world.Silo.Stepped += Stepped;

    private void Stepped(ServiceSnapshot? before, ServiceSnapshot after, IReadOnlyList<LedgerEntry> entries)
    {
        var already = before?.Endpoints.Where(e => e.Status == HealthStatus.Ejected).Select(e => e.Id).ToHashSet(StringComparer.Ordinal) ?? [];
        var gone = entries.Where(e => e.Kind == LedgerKind.Ejected && e.Evidence is not null && !already.Contains(e.EndpointId)).ToList();
        if (gone.Count == 0)
        {
            return;
        }

        var policy = after.Policy.OutlierDetection;
        var hosts = after.Endpoints.Count(e => e.Status is not (HealthStatus.Draining or HealthStatus.Expired));
        var ejected = after.Endpoints.Count(e => e.Status == HealthStatus.Ejected);
        var within = 100.0 * ejected / hosts <= policy.MaxEjectionPercent || (policy.AlwaysEjectOneHost && ejected == 1);
        if (!within)
        {
            throw new RuleBrokenException(Name, $"{gone[^1].EndpointId} was ejected ({gone[^1].Reason}), and now {ejected} of {hosts} are, with maxEjectionPercent {policy.MaxEjectionPercent}.");
        }
    }
}
