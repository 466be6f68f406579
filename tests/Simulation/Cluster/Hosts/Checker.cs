using Mesh.Core.Policies;
using Mesh.Grains.Checks;

namespace Mesh.Simulation.Cluster.Hosts;

/// <summary>Makes the grains' active checks, from where their silo is.</summary>
internal sealed class Checker(ClusterWorld cluster, Host host) : IHealthChecker
{
    public Task<CheckResult> Check(HealthCheck check, string address, int port)
    {
        var answer = new TaskCompletionSource<CheckResult>();
        var passes = cluster.BackendAt($"{address}:{port}")?.Check(cluster.Simulator.Now) == true;
        host.After(cluster.Dice.Between(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(20)), () => answer.TrySetResult(passes ? CheckResult.Pass : CheckResult.Fail("503")));
        return answer.Task;
    }
}
