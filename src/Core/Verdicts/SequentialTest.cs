using Mesh.Core.Policies;
using Mesh.Core.Verdicts.Statistics;

namespace Mesh.Core.Verdicts;

/// <summary>
/// The detector that needs no interval: it looks at each report, and decides as soon as the evidence suffices.
/// <para>
/// What it tests is whether an endpoint fails no more often than 2 % and no more often than twice its peers' rate; the evidence against that is an <see cref="EProcess"/>.
/// So it sees an endpoint that fails each request after four or five, one that fails a third of them after some dozens, and one that fails a little more
/// than the others never: that is for success rate, which may wait for an interval to be over.
/// </para>
/// <para>
/// The peers' rate is not known but measured, from all that came before and from the report itself, which holds what the peers did at the same time. It is
/// taken a little too high where there is little to go by (<see cref="Recollection.Upper"/>), and when the latest requests were worse than what came before, these decide
/// (<see cref="Recollection.Lower"/>): when a database fails under all endpoints at once, none of them is an outlier.
/// </para>
/// </summary>
public static class SequentialTest
{
    /// <summary>A share of failures that is never too much, whatever the peers do.</summary>
    public const double AlwaysAllowed = 0.02;

    /// <summary>How many times as often as its peers an endpoint may fail.</summary>
    public const double Tolerance = 2;

    /// <summary>How far back the peers' rate is remembered, in intervals: older requests count less than a third.</summary>
    public const double MemoryIntervals = 6;

    /// <summary>How many of the peers' requests are the latest ones.</summary>
    public const double LatestRequests = 300;

    /// <summary>The share of failures that an endpoint may have.</summary>
    /// <param name="peers">All that is remembered of its peers.</param>
    /// <param name="latest">The latest of it.</param>
    public static double Bound(Recollection peers, Recollection latest) =>
        Math.Min(1, Math.Max(AlwaysAllowed, Tolerance * Math.Max(peers.Upper, latest.Lower)));

    /// <summary>The evidence that suffices: false alarms are then no more frequent than the policy allows.</summary>
    public static double Threshold(OutlierDetection policy) => 1e6 / Math.Clamp(policy.SequentialFalsePositivesPerMillion, 1, 10_000);
}
