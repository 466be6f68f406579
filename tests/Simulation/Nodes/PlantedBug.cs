namespace Mesh.Simulation.Nodes;

/// <summary>Bugs that can be planted into the modelled shells, to see that the rules find them.</summary>
public enum PlantedBug
{
    /// <summary>None.</summary>
    None,

    /// <summary>An ejection that is proposed is carried out, whatever the budget says.</summary>
    IgnoresBudget,

    /// <summary>A new life of the silo does not begin a new epoch.</summary>
    ForgetsEpochs,

    /// <summary>What time alone would change stays as it is: ejections never end.</summary>
    Oversleeps,

    /// <summary>A gateway takes any snapshot for the newest.</summary>
    FollowsBackwards,

    /// <summary>A gateway sends some changes to nobody.</summary>
    ForgetsToTell,

    /// <summary>The silo says what it has not written yet.</summary>
    TellsBeforeWriting,

    /// <summary>The disk loses every tenth row that it said was written.</summary>
    LosesRows,

    /// <summary>A proxy's answer is taken for an acknowledgement of something else: it keeps what it had.</summary>
    DropsUpdates,

    /// <summary>The evidence of ejections is counted twice.</summary>
    InflatesEvidence,

    /// <summary>Entries of the ledger that could not be written at once are forgotten.</summary>
    DropsEntries,
}
