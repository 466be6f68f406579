using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Grains.Endpoints;
using Mesh.Simulation.Cluster.Stores;

namespace Mesh.Simulation.Cluster.Rules;

/// <summary>
/// The mesh has one budget, however many activations of a service there are for a moment: of the rows in the storage no more hold an ejection on evidence than the policy allows. Who
/// leaves after the decision was still there for it.
/// </summary>
public sealed class OneBudget : IClusterRule
{
    private static readonly TimeSpan Lag = TimeSpan.FromSeconds(15);

    private readonly Dictionary<string, (EndpointState State, DateTimeOffset Seen)> _rows = new(StringComparer.Ordinal);

    public string Name => "there is one budget";

    /// <summary>Ejections on evidence.</summary>
    public long Ejections { get; private set; }

    public void Watch(ClusterWorld cluster) => cluster.Store.Written += row =>
    {
        if (row.State == "endpoint")
        {
            Written(cluster, row);
        }
    };

    private static bool Counts(EndpointState state) => state is { Ejection: { Manual: false } ejection } && ejection.Evidence?.Detector is not (null or OutlierDetector.ActiveHealthCheck);

    private static bool Within(OutlierDetection policy, int hosts, int ejected) =>
        (100 * ejected <= policy.MaxEjectionPercent * hosts || (policy.AlwaysEjectOneHost && ejected == 1)) && 100 * (hosts - ejected) >= policy.MinHealthPercent * hosts;

    private void Written(ClusterWorld cluster, RowWritten row)
    {
        var (before, after) = ((row.Before as EndpointRow)?.State, (row.After as EndpointRow)?.State);
        if (after is not null)
        {
            _rows[row.Key] = (after, cluster.Simulator.Now);
        }
        else if (before is not null)
        {
            // Gone, but it was a host a moment ago.
            _rows[row.Key] = (before with { Ejection = null }, cluster.Simulator.Now - Lag / 2);
        }

        if (after is null || !Counts(after) || before?.Ejection?.At == after.Ejection!.At)
        {
            return;
        }

        Ejections++;
        var service = row.Key[..row.Key.LastIndexOf('/')];
        var peers = _rows.Where(one => one.Key.StartsWith(service + "/", StringComparison.Ordinal)).Select(one => one.Value).ToList();
        var hosts = peers.Count(one => IsHost(one.State) || cluster.Simulator.Now - one.Seen < Lag);
        var ejected = peers.Count(one => Counts(one.State) && !one.State.Draining && one.State.ExpiredAt is null);
        var policy = (row.After as EndpointRow)!.InForce.OutlierDetection;
        if (!Within(policy, hosts, ejected))
        {
            cluster.Break(Name, $"{row.By} ejects {row.Key} ({after.Ejection!.Reason}), and now {ejected} of {hosts} are, with maxEjectionPercent {policy.MaxEjectionPercent}.");
        }
    }

    private static bool IsHost(EndpointState state) => !state.Draining && state.ExpiredAt is null;
}
