using Mesh.Simulation.Cluster.Membership;

namespace Mesh.Simulation.Cluster;

/// <summary>How large a simulated cluster is.</summary>
public sealed record ClusterOptions
{
    public ulong Seed { get; init; } = 1;

    public int Silos { get; init; } = 3;

    /// <summary>Whether each silo has a gateway inside.</summary>
    public bool GatewaysInside { get; init; } = true;

    /// <summary>Gateways in processes of their own.</summary>
    public int GatewaysApart { get; init; } = 1;

    public int Services { get; init; } = 2;

    /// <summary>Endpoints of each service.</summary>
    public int Endpoints { get; init; } = 5;

    public MembershipOptions Membership { get; init; } = new();

    /// <summary>A bug that the rules are to find.</summary>
    public ClusterBug Bug { get; init; }
}
