using Mesh.Simulation.Nodes;

namespace Mesh.Simulation.Rules;

/// <summary>Something that must hold in any weather. It is told of the world before that begins, and listens to what it needs.</summary>
public interface IRule
{
    /// <summary>The rule, in a few words.</summary>
    string Name { get; }

    /// <summary>Begins to listen.</summary>
    void Watch(World world);

    /// <summary>All faults have ended and there was time to heal: looks at how things stand.</summary>
    void Healed(World world)
    {
    }
}
