using System.Collections.Immutable;

namespace Mesh.Core.Outliers;

/// <summary>
/// How many failures in a row an endpoint has shown to the whole mesh.
/// <para>
/// Every proxy of Envoy, Istio or Linkerd counts for itself: five in a row must hit one and the same proxy. Here the reports of all proxies
/// are laid end to end, in the order in which they arrive, and counted as one sequence. The order between two proxies within a period need
/// not be known: a period in which nothing succeeded lengthens the run by all its failures; any other starts it anew from
/// the failures that came after the last success, if the reporter can tell, and from nothing if it cannot. A run is therefore never
/// longer than what really happened to the proxies one after the other.
/// </para>
/// <para>
/// The first report of a proxy after an endpoint broke still carries successes of before. With a hundred proxies such reports would end the run
/// again and again, until each had sent one. So a reporter says when the last success ended, and when its run began: a success of before the run
/// does not end it, and failures of before a success that is known do not lengthen it, whenever they are reported.
/// </para>
/// <para>
/// Rejected: a sliding window of outcomes. It would need one entry for each request, or a bucket size that nobody knows how to choose, and
/// would answer a question (what share failed lately) that belongs to success rate and failure percentage.
/// </para>
/// </summary>
/// <param name="Consecutive5xx">5xx answers, and local-origin failures too unless these are split off.</param>
/// <param name="ConsecutiveGatewayFailure">502, 503 and 504, and local-origin failures too unless these are split off.</param>
/// <param name="ConsecutiveLocalOriginFailure">Connect failures, resets and time-outs; any answer ends it.</param>
public sealed record FailureRuns(long Consecutive5xx, long ConsecutiveGatewayFailure, long ConsecutiveLocalOriginFailure)
{
    /// <summary>No run is under way.</summary>
    public static FailureRuns None { get; } = new(0, 0, 0);

    /// <summary>When the earliest failure in any of the runs ended, at the earliest; null when there is none, or nobody can tell.</summary>
    public DateTimeOffset? Began { get; init; }

    /// <summary>When the last success ended that was heard of; null when nobody could tell.</summary>
    public DateTimeOffset? LastSuccess { get; init; }

    /// <summary>
    /// Which proxies saw them: at most <see cref="EndpointObservation.MostSources"/>, in the order in which they were heard of. What the figures do
    /// not account for was seen by others.
    /// </summary>
    public ImmutableArray<RunSource> Sources { get; init; } = [];

    /// <summary>The longest of them.</summary>
    public long Longest() => Math.Max(Consecutive5xx, Math.Max(ConsecutiveGatewayFailure, ConsecutiveLocalOriginFailure));

    /// <summary>The runs after one more period.</summary>
    /// <param name="observation">What was seen in it; impossible counts are cut down to possible ones. Its times are by the clock of the earlier ones.</param>
    /// <param name="split">
    /// Envoy's <c>split_external_local_origin_errors</c>. When false, a failure without an answer counts as a 5xx and as a gateway failure
    /// (Envoy takes it for a 503 or 504). When true it is invisible to these two runs: it neither lengthens nor ends them.
    /// </param>
    public FailureRuns Advance(EndpointObservation observation, bool split)
    {
        var seen = ObservationCounts.Of(observation);
        var last = Times.Latest(LastSuccess, observation.LastSuccess);
        // Ties are no order: a success and a failure that ended at the same moment may have ended either way round.
        var succeeded = seen.Succeeded > 0 && !(Began >= observation.LastSuccess);
        var kept = new FailureRuns(
            succeeded ? 0 : Consecutive5xx,
            succeeded || seen.OtherAnswers > 0 ? 0 : ConsecutiveGatewayFailure,
            succeeded || seen.External > 0 ? 0 : ConsecutiveLocalOriginFailure);
        var added = observation.RunBegan < last ? None : Tail(seen, split);
        return new(
            Saturating.Add(kept.Consecutive5xx, added.Consecutive5xx),
            Saturating.Add(kept.ConsecutiveGatewayFailure, added.ConsecutiveGatewayFailure),
            Saturating.Add(kept.ConsecutiveLocalOriginFailure, added.ConsecutiveLocalOriginFailure))
        {
            Began = Times.Earliest(kept.Longest() > 0, Began, added.Longest() > 0, observation.RunBegan),
            LastSuccess = last,
            Sources = RunSources.Join(Sources, kept, observation, added, split),
        };
    }

    /// <summary>By content.</summary>
    public bool Equals(FailureRuns? other) =>
        ReferenceEquals(this, other)
        || (other is not null
            && (Consecutive5xx, ConsecutiveGatewayFailure, ConsecutiveLocalOriginFailure, Began, LastSuccess)
            == (other.Consecutive5xx, other.ConsecutiveGatewayFailure, other.ConsecutiveLocalOriginFailure, other.Began, other.LastSuccess)
            && Sources.SequenceEqual(other.Sources));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Consecutive5xx, ConsecutiveGatewayFailure, ConsecutiveLocalOriginFailure, Began);

    /// <summary>The failures at a period's end. How many of them were local is not reported; all that could have been are taken off, so that the answer errs downwards.</summary>
    private static FailureRuns Tail(ObservationCounts seen, bool split)
    {
        var (any, gateway, local) = (seen.AnyTail ?? 0, seen.AnyGatewayTail ?? 0, seen.AnyLocalTail ?? 0);
        // Without an end in the period all of its local failures are known; the local tail lies wholly within the time after whatever ended the gateway run.
        return split
            ? new(seen.EndsRun ? Math.Max(0, any - seen.Local) : seen.External, gateway, local)
            : new(any, Saturating.Add(gateway, seen.EndsGatewayRun ? local : seen.Local), local);
    }
}

/// <summary>One proxy's part in the runs of failures under way.</summary>
/// <param name="Proxy">Its node id.</param>
/// <param name="Consecutive5xx">Its part of <see cref="FailureRuns.Consecutive5xx"/>.</param>
/// <param name="ConsecutiveGatewayFailure">Its part of <see cref="FailureRuns.ConsecutiveGatewayFailure"/>.</param>
/// <param name="ConsecutiveLocalOriginFailure">Its part of <see cref="FailureRuns.ConsecutiveLocalOriginFailure"/>.</param>
public sealed record RunSource(string Proxy, long Consecutive5xx, long ConsecutiveGatewayFailure, long ConsecutiveLocalOriginFailure);
