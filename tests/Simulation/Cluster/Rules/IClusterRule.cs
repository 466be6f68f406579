namespace Mesh.Simulation.Cluster.Rules;

/// <summary>Something that must hold in a cluster, whatever happens to its silos. It says so with <see cref="ClusterWorld.Break"/>.</summary>
public interface IClusterRule
{
    /// <summary>The rule, in a few words.</summary>
    string Name { get; }

    /// <summary>Begins to listen.</summary>
    void Watch(ClusterWorld cluster);

    /// <summary>All faults have ended and there was time to heal: looks at how things stand.</summary>
    void Healed(ClusterWorld cluster)
    {
    }
}
