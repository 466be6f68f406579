namespace Mesh.Simulation.Cluster.Membership;

/// <summary>The figures of Orleans' ClusterMembershipOptions, as our silos set them.</summary>
public sealed record MembershipOptions
{
    /// <summary>How often a silo probes others, and how long it waits for the answer.</summary>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(0.75);

    /// <summary>So many missed probes in a row make a vote. The last of them goes through another silo, where there is one, whose word is a vote too.</summary>
    public int MissedProbes { get; init; } = 3;

    /// <summary>So many votes, or those of half of the silos where these are fewer, declare a silo dead.</summary>
    public int Votes { get; init; } = 2;

    /// <summary>A vote counts no longer than this.</summary>
    public TimeSpan VoteHolds { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How many others each silo probes.</summary>
    public int Probed { get; init; } = 3;

    /// <summary>How often the table is read, whatever others say.</summary>
    public TimeSpan TableRefresh { get; init; } = TimeSpan.FromSeconds(5);
}
