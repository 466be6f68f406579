using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;
using Mesh.Core.Snapshots;
using Mesh.Simulation.Nodes;

namespace Mesh.Simulation.Rules;

/// <summary>
/// No ejection, but by hand, takes a service beyond its budget, and none into panic. Checked where it is decided and without asking the budget; that each proxy is told nothing else
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
        var last = $"{gone[^1].EndpointId} was ejected ({gone[^1].Reason}), and now {ejected} of {hosts} are";
        // Failed checks need no budget, but count for it.
        var checks = gone.Count(e => e.Evidence!.Detector == OutlierDetector.ActiveHealthCheck);
        var counted = ejected - checks;
        if (gone.Count > checks && 100.0 * counted / hosts > policy.MaxEjectionPercent && !(policy.AlwaysEjectOneHost && counted == 1))
        {
            throw new RuleBrokenException(Name, $"{last}, with maxEjectionPercent {policy.MaxEjectionPercent}.");
        }

        if (after.Policy.LocalityLbSetting is null && 2 * (hosts - ejected) < hosts)
        {
            throw new RuleBrokenException(Name, $"{last}: clients panic and ignore it.");
        }
    }
}
