using System.Collections.Immutable;
using Mesh.Core.Latency;

namespace Mesh.Core.Outliers;

/// <summary>Lays two observations of one endpoint end to end.</summary>
public static class ObservationMerger
{
    /// <summary>
    /// One observation that says what two said one after the other. A run advanced by it is as long as one advanced by both in turn, but
    /// where a tail mixes failures with and without an answer: there it may come out shorter, never longer. Where both say when their last
    /// success and their run were, the times decide, and not the order of arrival.
    /// </summary>
    /// <param name="earlier">What arrived first.</param>
    /// <param name="later">What arrived after it, of the same endpoint, with its times by the same clock.</param>
    /// <exception cref="ArgumentException">They are not of the same endpoint.</exception>
    public static EndpointObservation Merge(EndpointObservation earlier, EndpointObservation later)
    {
        if (!string.Equals(earlier.EndpointId, later.EndpointId, StringComparison.Ordinal))
        {
            throw new ArgumentException($"'{later.EndpointId}' is not '{earlier.EndpointId}': only observations of one endpoint merge.", nameof(later));
        }

        var (a, b) = (ObservationCounts.Of(earlier), ObservationCounts.Of(later));
        // A tail lies after the last success of its own period, so that with exact times at most one of these two holds.
        var ended = b.Succeeded > 0 && !(earlier.RunBegan >= later.LastSuccess);
        var stale = later.RunBegan < earlier.LastSuccess;
        var (gatewayEnded, localEnded) = (ended || b.OtherAnswers > 0, ended || b.External > 0);
        return new EndpointObservation
        {
            EndpointId = earlier.EndpointId,
            Succeeded = Saturating.Add(a.Succeeded, b.Succeeded),
            Failed = Saturating.Add(a.Failed, b.Failed),
            GatewayFailed = Saturating.Add(a.Gateway, b.Gateway),
            LocalOriginFailed = Saturating.Add(a.Local, b.Local),
            TrailingFailures = Join(ended, a.AnyTail, stale, b.AnyTail),
            TrailingGatewayFailures = Join(gatewayEnded, a.AnyGatewayTail, stale, b.AnyGatewayTail),
            TrailingLocalOriginFailures = Join(localEnded, a.AnyLocalTail, stale, b.AnyLocalTail),
            LastSuccess = LastSuccess(earlier, later),
            RunBegan = Times.Earliest(!ended && a.AnyTail > 0, earlier.RunBegan, !stale && b.AnyTail > 0, later.RunBegan),
            Statuses = Add(earlier.Statuses, later.Statuses),
            Latency = earlier.Latency is null ? later.Latency : later.Latency is null ? earlier.Latency : earlier.Latency.Merge(later.Latency),
            InFlightSeconds = Sane(earlier.InFlightSeconds) + Sane(later.InFlightSeconds),
            Sources = ReportSources.Join(earlier, new(ended, gatewayEnded, localEnded), later, new(stale, stale, stale)),
        };
    }

    /// <summary>The tail of both: what the earlier one ended with unless the later ended that, and the later's unless it is older than a success of the earlier.</summary>
    private static long? Join(bool ended, long? earlier, bool stale, long? later) =>
        ended ? stale ? 0 : later
        : stale ? earlier ?? 0
        : Saturating.Add(earlier ?? 0, later ?? 0);

    /// <summary>Unknown when one of them had a success and does not say when.</summary>
    private static DateTimeOffset? LastSuccess(EndpointObservation earlier, EndpointObservation later) =>
        earlier is { Succeeded: > 0, LastSuccess: null } || later is { Succeeded: > 0, LastSuccess: null }
            ? null
            : Times.Latest(earlier.LastSuccess, later.LastSuccess);

    private static StatusClasses Add(StatusClasses a, StatusClasses b) => new(
        Saturating.Add(a.Ok, b.Ok), Saturating.Add(a.Redirected, b.Redirected),
        Saturating.Add(a.ClientErrors, b.ClientErrors), Saturating.Add(a.ServerErrors, b.ServerErrors));

    private static double Sane(double seconds) => seconds is > 0 and < double.PositiveInfinity ? seconds : 0;
}
