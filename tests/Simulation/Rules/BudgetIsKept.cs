using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Simulation.Nodes;

namespace Mesh.Simulation.Rules;

/// <summary>
/// No ejection, but by hand, takes a service beyond its budget or below its floor, and none at all leads into panic; failed active checks are bound by panic
/// alone. Checked where it is decided and without asking the budget; that each proxy is told nothing else is <see cref="AcknowledgedIsCompiled"/>'s. The
/// share may grow past the budget afterwards, when others leave or a policy lowers it; that ejects nobody.
/// </summary>
public sealed class BudgetIsKept : IRule
{
    private const int PanicThreshold = 50;

    public string Name => "the budget is kept";

    public void Watch(World world) => world.Silo.Stepped += Stepped;

    private void Stepped(ServiceSnapshot? before, ServiceSnapshot after, IReadOnlyList<LedgerEntry> entries)
    {
        var already = before?.Endpoints.Where(e => e.Status == HealthStatus.Ejected).Select(e => e.Id).ToHashSet(StringComparer.Ordinal) ?? [];
        // A verdict's entry says what the budget knew. One without is an ejection that shows again: its owner is back from an expired lease.
        var fresh = entries.Where(e => e.Kind == LedgerKind.Ejected && e is { Evidence: not null, Tally: not null } && !already.Contains(e.EndpointId)).ToList();
        if (fresh.Count == 0)
        {
            return;
        }

        // Whoever left in the same step, as when a clock jumps over all leases, was still there for the decision.
        var hosts = Ids(after, IsHost).Union(Ids(before, IsHost)).Count();
        var ejected = Ids(after, e => e.Status == HealthStatus.Ejected).Union(fresh.Select(e => e.EndpointId)).Count();
        var byChecks = fresh.Count(e => e.Evidence!.Detector == OutlierDetector.ActiveHealthCheck);
        var policy = after.Policy.OutlierDetection;
        if ((byChecks < fresh.Count && !Within(policy, hosts, ejected - byChecks)) || (after.Policy.LocalityLbSetting is null && 100 * (hosts - ejected) < PanicThreshold * hosts))
        {
            throw new RuleBrokenException(
                Name,
                $"{fresh[^1].EndpointId} was ejected ({fresh[^1].Reason}), and now {ejected} of {hosts} are, with maxEjectionPercent {policy.MaxEjectionPercent} and minHealthPercent {policy.MinHealthPercent}.");
        }
    }

    private static bool IsHost(EndpointSnapshot endpoint) => endpoint.Status is not (HealthStatus.Draining or HealthStatus.Expired);

    private static IEnumerable<string> Ids(ServiceSnapshot? snapshot, Func<EndpointSnapshot, bool> which) => snapshot?.Endpoints.Where(which).Select(e => e.Id) ?? [];

    private static bool Within(OutlierDetection policy, int hosts, int ejected) =>
        (100.0 * ejected / hosts <= policy.MaxEjectionPercent || (policy.AlwaysEjectOneHost && ejected == 1))
        && 100.0 * (hosts - ejected) / hosts >= policy.MinHealthPercent;
}
