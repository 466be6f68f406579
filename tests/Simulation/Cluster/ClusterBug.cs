namespace Mesh.Simulation.Cluster;

/// <summary>Bugs that can be planted into what is modelled, to see that the rules find them.</summary>
public enum ClusterBug
{
    /// <summary>None.</summary>
    None,

    /// <summary>The storage writes whatever comes, over whatever is there.</summary>
    NoEtags,

    /// <summary>The storage keeps no epochs: each activation of a service begins at the same one.</summary>
    NoEpochs,

    /// <summary>A gateway shows whatever reading comes in last, and readings overtake each other.</summary>
    TakesAnyVersion,

    /// <summary>Who repeats a command names it anew.</summary>
    NoOperationIds,

    /// <summary>A gateway reads a service once, and never asks again.</summary>
    NeverLooksAgain,

    /// <summary>A silo that reads that it is dead goes on.</summary>
    DeadGoOn,

    /// <summary>The directory leads to silos that are gone.</summary>
    KeepsEntries,

    /// <summary>The storage loses some of the rows that it said were written.</summary>
    LosesRows,

    /// <summary>Ejections are not kept: who wakes elsewhere knows nothing of them.</summary>
    ForgetsEjections,

    /// <summary>A service that wakes does not take its endpoints over.</summary>
    NoTakeOver,

    /// <summary>The ledger's rows are not kept.</summary>
    ForgetsLedger,
}
