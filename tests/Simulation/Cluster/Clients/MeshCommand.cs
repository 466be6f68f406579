namespace Mesh.Simulation.Cluster.Clients;

/// <summary>What is asked of an endpoint.</summary>
public enum CommandKind
{
    /// <summary>It comes, or says that it is there.</summary>
    Register,

    /// <summary>It leaves.</summary>
    Deregister,

    /// <summary>Somebody takes it out for good.</summary>
    Drain,

    /// <summary>Somebody ejects it for a while.</summary>
    Eject,

    /// <summary>Somebody puts it back.</summary>
    Restore,
}

/// <summary>One command, however often it is sent. Of one endpoint there is at most one under way.</summary>
/// <param name="Endpoint">Which.</param>
/// <param name="Kind">What.</param>
/// <param name="Operation">Its id.</param>
/// <param name="Instance">The owner's process at that time.</param>
public sealed record MeshCommand(MeshEndpoint Endpoint, CommandKind Kind, string Operation, string Instance)
{
    public override string ToString() => $"{Kind} {Endpoint.Key} ({Operation})";
}
