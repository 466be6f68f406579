namespace Mesh.Simulation.Runs;

/// <summary>What one seed came to.</summary>
public sealed record StormResult
{
    public required ulong Seed { get; init; }

    public required TimeSpan Virtual { get; init; }

    /// <summary>The rule that was broken; null when none was.</summary>
    public string? Broken { get; init; }

    /// <summary>How it was broken.</summary>
    public string? What { get; init; }

    /// <summary>What came before.</summary>
    public IReadOnlyList<string> Journal { get; init; } = [];

    public long Events { get; init; }

    public long Faults { get; init; }

    public long Requests { get; init; }

    public long Failed { get; init; }

    public long Ejections { get; init; }

    public long Versions { get; init; }

    public long Lives { get; init; }

    /// <summary>In a cluster: commands that were acknowledged.</summary>
    public long Commands { get; init; }

    /// <summary>In a cluster: activations of grains.</summary>
    public long Activations { get; init; }

    /// <summary>Of these, those made while the same grain still lived in another process.</summary>
    public long Duplicates { get; init; }

    /// <summary>The figures of both together.</summary>
    public StormResult Plus(StormResult other) => this with
    {
        Virtual = Virtual + other.Virtual,
        Events = Events + other.Events,
        Faults = Faults + other.Faults,
        Requests = Requests + other.Requests,
        Failed = Failed + other.Failed,
        Ejections = Ejections + other.Ejections,
        Versions = Versions + other.Versions,
        Lives = Lives + other.Lives,
        Commands = Commands + other.Commands,
        Activations = Activations + other.Activations,
        Duplicates = Duplicates + other.Duplicates,
    };
}
