using Mesh.Contracts;

namespace Mesh.Gateway.View;

/// <summary>Limits and periods of the view.</summary>
public sealed record ViewOptions
{
    /// <summary>
    /// How often everything is read again and watched anew, at most a third of the observers' lease. What changes is known by hints and by the silos' news; this is
    /// for what neither tells: a service that is awake nowhere, a watch that has run out. A minute by default.
    /// </summary>
    public TimeSpan Reread { get; init; } =
        TimeSpan.FromSeconds(Math.Min(60, MeshLimits.ObserverLease.TotalSeconds / 3));

    /// <summary>How often each silo is asked what changed on it, so the time that a lost hint costs; 1 s by default.</summary>
    public TimeSpan NewsPeriod { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the members are read, from a silo's memory: the time after a verdict until what lived on a dead silo is called elsewhere; 250 ms by default.</summary>
    public TimeSpan MembersPeriod { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a question for news or members may take; 2 s by default.</summary>
    public TimeSpan NewsTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Changes in one page of news; 1,000 by default.</summary>
    public int NewsPage { get; init; } = 1_000;

    /// <summary>After how long without an answer a silo counts as silent, and what lives on it is not called in masses until it answers or is gone; 3 s by default.</summary>
    public TimeSpan SilentAfter { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// After how long without news from at least half of the silos this gateway is out of touch and serves no new streams until it has caught up; 5 s by default, so that a
    /// silo that dies is declared dead before.
    /// </summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Pulls under way at once of what has changed; 32 by default.</summary>
    public int ParallelPulls { get; init; } = 32;

    /// <summary>Pulls under way at once of what may have changed, and of what a dead silo has left; 16 by default.</summary>
    public int ParallelLaterPulls { get; init; } = 16;

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
