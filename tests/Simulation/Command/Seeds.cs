using Mesh.Simulation.Cluster.Stories;
using Mesh.Simulation.Runs;
#if !CLUSTER
using Mesh.Simulation.Cluster;
#endif

namespace Mesh.Simulation.Command;

/// <summary>Runs one seed of what was asked for: the mesh of one silo, or a story of a cluster, which needs the embedded runtime.</summary>
public static class Seeds
{
    /// <summary>Whether this program can simulate a cluster.</summary>
    public static bool HasCluster =>
#if CLUSTER
        false;
#else
        true;
#endif

    /// <summary>The rules that are checked.</summary>
    public static IReadOnlyList<string> Rules(SimulateOptions options) =>
#if !CLUSTER
        options.IsCluster ? ClusterRun.Rules :
#endif
        StormRun.Rules;

    /// <summary>Runs it.</summary>
    public static StormResult Run(SimulateOptions options, ulong seed, Action<string>? echo)
    {
        var length = TimeSpan.FromMinutes(options.Minutes);
#if !CLUSTER
        if (options.IsCluster)
        {
            return ClusterRun.Of(options.Story ?? StoryKind.Storm, options.Silos ?? 3, seed, length, echo, options.PlantInCluster);
        }
#endif
        return StormRun.Of(seed, length, echo, options.Plant);
    }
}
