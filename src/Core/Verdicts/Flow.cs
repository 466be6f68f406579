using Mesh.Core.Outliers;

namespace Mesh.Core.Verdicts;

/// <summary>
/// How many requests an endpoint gets, and so whether a run of failures can be one.
/// <para>
/// Proxies report failures at once and successes once in a second. So five failures in twelve milliseconds look like a run, though the fifty requests
/// between them went well and nobody has heard of them yet; on a busy service that happens by chance every few seconds. What is missing is how much there was
/// between them, and that is known from the seconds before: an endpoint that gets 2,000 requests in a second has had 24 in that time, and a run of five among
/// 24 is none. One that fails everything fills its flow with failures, so it is believed at once.
/// </para>
/// <para>
/// Rejected: waiting until all proxies have reported (a second for each dead endpoint, in which a busy one fails thousands), and reporting successes at once
/// as well (a report for each request).
/// </para>
/// </summary>
internal sealed class Flow
{
    /// <summary>By then everybody who saw a success has reported it.</summary>
    public static readonly TimeSpan Lag = TimeSpan.FromSeconds(1.5);

    /// <summary>The part of the flow that a run must fill.</summary>
    private const double Part = 0.7;

    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(5);

    private DateTimeOffset? _began;
    private DateTimeOffset _last;
    private double _requests;

    /// <summary>Takes a report.</summary>
    public void Note(double requests, DateTimeOffset now)
    {
        _began ??= now;
        _requests = Faded(now) + requests;
        _last = now;
    }

    /// <summary>Whether successes have had the time to arrive that failures do not need.</summary>
    public bool IsSettled(DateTimeOffset now) => _began is { } began && now - began >= Lag;

    /// <summary>Whether a run can be what it seems to be, or its age speaks for it.</summary>
    public bool Allows(OutlierEvidence evidence, DateTimeOffset now) =>
        evidence.Since is not { } since
        || now - since >= Lag
        || (_began is { } began && now - began >= Lag && evidence.Count >= Part * PerSecond(began, now) * (now - since).TotalSeconds);

    private double PerSecond(DateTimeOffset began, DateTimeOffset now) =>
        Faded(now) / (Memory.TotalSeconds * (1 - Math.Exp(-((now - began) / Memory))));

    private double Faded(DateTimeOffset now) => _requests * Math.Exp(-Math.Max(0, (now - _last) / Memory));
}
