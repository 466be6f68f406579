namespace Mesh.Demo;

/// <summary>How to run the demo.</summary>
internal sealed record DemoOptions
{
    /// <summary>How long to look at the mesh at rest.</summary>
    public TimeSpan Steady { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long the control plane stays dead.</summary>
    public TimeSpan Away { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Requests per second through each proxy.</summary>
    public int Rate { get; init; } = 200;

    /// <summary>How often to make a backend fail and heal: by default each once.</summary>
    public int Rounds { get; init; } = 3;

    /// <summary>Silos that the control plane is made of; 1 in the Embedded edition.</summary>
    public int Silos { get; init; } = 1;

    /// <summary>How often to kill the control plane with -9, or a silo of it.</summary>
    public int Kills { get; init; } = 1;

    /// <summary>Lines instead of a picture.</summary>
    public bool Plain { get; init; }

    /// <summary>The result as JSON on standard output; progress goes to standard error.</summary>
    public bool Json { get; init; }

    /// <summary>Where to draw the screen as SVG; null for nowhere.</summary>
    public string? Svg { get; init; }

    /// <summary>Keep data and logs.</summary>
    public bool Keep { get; init; }

    /// <summary>How long an ejection lasts in the demo's policy.</summary>
    public TimeSpan BaseEjection { get; } = TimeSpan.FromSeconds(2);
}
