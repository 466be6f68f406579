using System.Collections.Concurrent;
using Mesh.Simulation.Rules;

namespace Mesh.Bench.Verdicts;

/// <summary>One thing that mesh-wide verdicts promise, measured.</summary>
internal interface IVerdictPoint
{
    /// <summary>Where it stands in the list.</summary>
    int Number { get; }

    /// <summary>What is measured, in a line.</summary>
    string Title { get; }

    /// <summary>Measures.</summary>
    Task<VerdictOutcome> Run(VerdictContext context);
}

/// <summary>What all points are told.</summary>
/// <param name="Seed">The first seed; the same seed gives the same figures wherever nothing but the simulation is measured.</param>
/// <param name="Silo">The mesh-silo to run, for points with real processes.</param>
/// <param name="Quick">Fewer seeds and shorter runs: to see that it works, not to believe it.</param>
/// <param name="Say">Where to say how far it is.</param>
internal sealed record VerdictContext(ulong Seed, string Silo, bool Quick, Action<string> Say)
{
    private readonly ConcurrentBag<(string Run, EvidenceIsTrue Evidence)> _evidence = [];

    /// <summary>What the runs so far ejected, and on what evidence.</summary>
    public IEnumerable<(string Run, EvidenceIsTrue Evidence)> Evidence => _evidence.OrderBy(run => run.Run, StringComparer.Ordinal);

    /// <summary>Keeps a run's evidence for the point that looks at all of it.</summary>
    public void Keep(string run, EvidenceIsTrue evidence) => _evidence.Add((run, evidence));
}

/// <summary>What came out of one point.</summary>
/// <param name="Rows">Figures.</param>
internal sealed record VerdictOutcome(IReadOnlyList<VerdictRow> Rows)
{
    /// <summary>Pictures of it.</summary>
    public IReadOnlyList<Chart> Charts { get; init; } = [];

    /// <summary>More to read, line by line.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>One figure.</summary>
/// <param name="Name">Of what.</param>
/// <param name="Figure">With its unit and its spread.</param>
/// <param name="Requirement">What it has to be; empty when nothing is required.</param>
/// <param name="Met">Whether it is; null when nothing is required.</param>
internal sealed record VerdictRow(string Name, string Figure, string Requirement = "", bool? Met = null);

/// <summary>Lines over time.</summary>
/// <param name="Title">What is shown.</param>
/// <param name="X">What lies to the right, with its unit.</param>
/// <param name="Y">What lies upwards, with its unit.</param>
/// <param name="Series">The lines.</param>
internal sealed record Chart(string Title, string X, string Y, IReadOnlyList<Series> Series)
{
    /// <summary>When there are any, the series' points are bars, side by side over the name that their X counts to, instead of lines.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];
}

/// <summary>One line; it stays level until its next point.</summary>
/// <param name="Name">Of what.</param>
/// <param name="Points">By time.</param>
internal sealed record Series(string Name, IReadOnlyList<(double X, double Y)> Points);
