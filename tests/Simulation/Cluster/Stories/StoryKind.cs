namespace Mesh.Simulation.Cluster.Stories;

/// <summary>What happens to a cluster.</summary>
public enum StoryKind
{
    /// <summary>Silos are killed, and gateways.</summary>
    Kill,

    /// <summary>Silos are frozen and thawed.</summary>
    Freeze,

    /// <summary>The network falls into parts, and loses and delays messages.</summary>
    Split,

    /// <summary>The stores are away, slow, fail and lose answers.</summary>
    Stores,

    /// <summary>Silos are restarted one after the other, in good order.</summary>
    Rolling,

    /// <summary>All of it, over each other.</summary>
    Storm,
}
