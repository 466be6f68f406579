namespace Mesh.Core.Outliers;

/// <summary>
/// How many failures in a row an endpoint has shown to the whole mesh.
/// <para>
/// Every proxy of Envoy, Istio or Linkerd counts for itself: five in a row must hit one and the same proxy. Here the reports of all proxies
/// are laid end to end, in the order in which they arrive, and counted as one sequence. The order between two proxies within a period is
/// not known, and is not needed: a period in which nothing succeeded lengthens the run by all its failures; any other starts it anew from
/// the failures that came after the last success, if the reporter can tell, and from nothing if it cannot. A run is therefore never
/// longer than what really happened to the proxies one after the other.
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

    /// <summary>The longest of them.</summary>
    public long Longest() => Math.Max(Consecutive5xx, Math.Max(ConsecutiveGatewayFailure, ConsecutiveLocalOriginFailure));

    /// <summary>The runs after one more period.</summary>
    /// <param name="observation">What was seen in it; impossible counts are cut down to possible ones.</param>
    /// <param name="split">
    /// Envoy's <c>split_external_local_origin_errors</c>. When false, a failure without an answer counts as a 5xx and as a gateway failure
    /// (Envoy takes it for a 503 or 504). When true it is invisible to these two runs: it neither lengthens nor ends them.
    /// </param>
    public FailureRuns Advance(EndpointObservation observation, bool split)
    {
        var seen = ObservationCounts.Of(observation);
        return new(
            Next(Consecutive5xx, seen.EndsRun, split ? seen.External : seen.Failed, Tail(seen, split)),
            Next(ConsecutiveGatewayFailure, seen.EndsGatewayRun, split ? seen.Gateway : seen.Gateway + seen.Local, GatewayTail(seen, split)),
            Next(ConsecutiveLocalOriginFailure, seen.EndsLocalRun, seen.Local, seen.LocalTail ?? 0));
    }

    private static long Next(long run, bool ended, long more, long tail) => ended ? tail : Saturating.Add(run, more);

    /// <summary>How many of the tail were local is not reported; all that could have been are taken off, so that the answer errs downwards.</summary>
    private static long Tail(ObservationCounts seen, bool split)
    {
        var tail = seen.Tail ?? 0;
        return split ? Math.Max(0, tail - seen.Local) : tail;
    }

    /// <summary>The local tail lies wholly within the time after whatever ended the gateway run, so the two add up.</summary>
    private static long GatewayTail(ObservationCounts seen, bool split) =>
        split ? seen.GatewayTail ?? 0 : (seen.GatewayTail ?? 0) + (seen.LocalTail ?? 0);
}
