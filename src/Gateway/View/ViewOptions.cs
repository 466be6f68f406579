using Mesh.Contracts;

namespace Mesh.Gateway.View;

/// <summary>Limits and periods of the view.</summary>
public sealed record ViewOptions
{
    /// <summary>
    /// How often everything is read again and watched anew, at most a third of the observers' lease. A hint that was lost, or a grain that
    /// forgot its watchers because it moved, is made good within this time. 15 s by default.
    /// </summary>
    public TimeSpan Reread { get; init; } =
        TimeSpan.FromSeconds(Math.Min(15, MeshLimits.ObserverLease.TotalSeconds / 3));

    /// <summary>Pulls under way at once; 32 by default.</summary>
    public int ParallelPulls { get; init; } = 32;

    /// <summary>How long a read may take before it counts as failed; 5 s by default.</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The first wait after a failed read; it doubles up to <see cref="MaxBackoff"/>. 100 ms by default.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait after failed reads; 5 s by default.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Failures in a row after which a service that was never read no longer keeps the view from being ready, as long as more than half
    /// of all were read; 8 by default, which takes some 15 s.
    /// </summary>
    public int Patience { get; init; } = 8;

    /// <summary>Services that may wait to be pulled; requests beyond are refused and made good by the next re-read. 100,000 by default.</summary>
    public int QueuedServices { get; init; } = 100_000;

    /// <summary>Results that may wait to be published; when full, pulls wait (and hints go on being joined). 1,024 by default.</summary>
    public int QueuedResults { get; init; } = 1_024;

    /// <summary>Chance, from 0 (included) to 1, anew at each call.</summary>
    public Func<double> Roll { get; init; } = Random.Shared.NextDouble;

    /// <summary>The wait before the next try after so many failures in a row, without jitter.</summary>
    public TimeSpan Backoff(int failures) =>
        TimeSpan.FromTicks(Math.Min(MaxBackoff.Ticks, MinBackoff.Ticks << Math.Clamp(failures - 1, 0, 20)));
}
