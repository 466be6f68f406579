namespace Mesh.Core.Outliers;

/// <summary>Lays two observations of one endpoint end to end.</summary>
public static class ObservationMerger
{
    /// <summary>
    /// One observation that says what two said one after the other. A run advanced by it is as long as one advanced by both in turn, but
    /// where a tail mixes failures with and without an answer: there it may come out shorter, never longer.
    /// </summary>
    /// <param name="earlier">What arrived first.</param>
    /// <param name="later">What arrived after it, of the same endpoint.</param>
    /// <exception cref="ArgumentException">They are not of the same endpoint.</exception>
    public static EndpointObservation Merge(EndpointObservation earlier, EndpointObservation later)
    {
        if (!string.Equals(earlier.EndpointId, later.EndpointId, StringComparison.Ordinal))
        {
            throw new ArgumentException($"'{later.EndpointId}' is not '{earlier.EndpointId}': only observations of one endpoint merge.", nameof(later));
        }

        var a = ObservationCounts.Of(earlier);
        var b = ObservationCounts.Of(later);
        return new EndpointObservation
        {
            EndpointId = earlier.EndpointId,
            Succeeded = Saturating.Add(a.Succeeded, b.Succeeded),
            Failed = Saturating.Add(a.Failed, b.Failed),
            GatewayFailed = Saturating.Add(a.Gateway, b.Gateway),
            LocalOriginFailed = Saturating.Add(a.Local, b.Local),
            TrailingFailures = Join(a.EndsRun, a.Failed, a.Tail, b.EndsRun, b.Failed, b.Tail),
            TrailingGatewayFailures = Join(a.EndsGatewayRun, a.Gateway, a.GatewayTail, b.EndsGatewayRun, b.Gateway, b.GatewayTail),
            TrailingLocalOriginFailures = Join(a.EndsLocalRun, a.Local, a.LocalTail, b.EndsLocalRun, b.Local, b.LocalTail),
        };
    }

    /// <summary>The tail of both: the later one's where it holds an end of its own, else what the earlier one ended with and all of the later.</summary>
    private static long? Join(bool earlierEnds, long earlierAll, long? earlierTail, bool laterEnds, long laterAll, long? laterTail) =>
        laterEnds ? laterTail : Saturating.Add(earlierEnds ? earlierTail ?? 0 : earlierAll, laterAll);
}
