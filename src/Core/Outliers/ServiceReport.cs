using System.Collections.Immutable;
using Mesh.Core.Latency;

namespace Mesh.Core.Outliers;

/// <summary>What the proxies behind one gateway saw of one endpoint since the gateway's last report. Counts are deltas.</summary>
public sealed record EndpointObservation
{
    /// <summary>Whose.</summary>
    public required string EndpointId { get; init; }

    /// <summary>Requests that ended well.</summary>
    public long Succeeded { get; init; }

    /// <summary>Requests that ended badly, in any way: 5xx answers and local-origin failures.</summary>
    public long Failed { get; init; }

    /// <summary>Of <see cref="Failed"/>: answers 502, 503 and 504.</summary>
    public long GatewayFailed { get; init; }

    /// <summary>Of <see cref="Failed"/>: no answer came: connect failures, resets, time-outs.</summary>
    public long LocalOriginFailed { get; init; }

    /// <summary>
    /// How many failures in a row ended the period without a success after them. Null when the reporter cannot tell the order, as in a
    /// plain load report: then only a period without any success counts as a run.
    /// </summary>
    public long? TrailingFailures { get; init; }

    /// <summary>The same for 502, 503 and 504.</summary>
    public long? TrailingGatewayFailures { get; init; }

    /// <summary>The same for local-origin failures.</summary>
    public long? TrailingLocalOriginFailures { get; init; }

    /// <summary>
    /// When the last success ended that anybody saw, by the reporter's clock; null when there was none in the period, or nobody can tell. A run
    /// of failures that began after it is not ended by the successes of this period, however late they are reported.
    /// </summary>
    public DateTimeOffset? LastSuccess { get; init; }

    /// <summary>When the first of the trailing failures ended, by the reporter's clock; null when there are none, or nobody can tell.</summary>
    public DateTimeOffset? RunBegan { get; init; }

    /// <summary>The answers by class; all zero when the reporter does not tell.</summary>
    public StatusClasses Statuses { get; init; }

    /// <summary>How long the requests took that got an answer; null when the reporter does not tell.</summary>
    public LatencySketch? Latency { get; init; }

    /// <summary>
    /// Requests under way, integrated over the period, in seconds: each reporter's gauge times its period. Unlike the gauge it adds up over
    /// reporters and periods; divided by the length of the whole it is the mean number of requests in flight.
    /// </summary>
    public double InFlightSeconds { get; init; }

    /// <summary>
    /// Who saw the failures: one for each proxy that saw any, at most <see cref="MostSources"/>, and one without a name for all others. Their
    /// <see cref="ReportSource.Failed"/> add up to <see cref="Failed"/>, their runs to the trailing figures. Empty when nobody is named.
    /// </summary>
    public ImmutableArray<ReportSource> Sources { get; init; } = [];

    /// <summary>How many proxies an observation names; what others saw is added up under no name.</summary>
    public const int MostSources = 64;

    /// <summary>By content.</summary>
    public bool Equals(EndpointObservation? other) =>
        ReferenceEquals(this, other)
        || (other is not null
            && (EndpointId, Succeeded, Failed, GatewayFailed, LocalOriginFailed) == (other.EndpointId, other.Succeeded, other.Failed, other.GatewayFailed, other.LocalOriginFailed)
            && (TrailingFailures, TrailingGatewayFailures, TrailingLocalOriginFailures, LastSuccess, RunBegan)
            == (other.TrailingFailures, other.TrailingGatewayFailures, other.TrailingLocalOriginFailures, other.LastSuccess, other.RunBegan)
            && Statuses == other.Statuses && Latency == other.Latency && InFlightSeconds.Equals(other.InFlightSeconds)
            && Sources.SequenceEqual(other.Sources));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(EndpointId, Succeeded, Failed, TrailingFailures, LastSuccess, RunBegan);

    /// <summary>The same with its times moved; with null they become unknown.</summary>
    internal EndpointObservation Moved(TimeSpan? by) => (LastSuccess, RunBegan) == (null, null)
        ? this
        : this with { LastSuccess = Moved(LastSuccess, by), RunBegan = Moved(RunBegan, by) };

    private static DateTimeOffset? Moved(DateTimeOffset? time, TimeSpan? by) =>
        time is { } when && by is { } span ? Times.Add(when, span) : null;
}

/// <summary>Answers by the class of their status.</summary>
/// <param name="Ok">2xx, and 1xx.</param>
/// <param name="Redirected">3xx.</param>
/// <param name="ClientErrors">4xx; they count as successes of the endpoint.</param>
/// <param name="ServerErrors">5xx.</param>
public readonly record struct StatusClasses(long Ok, long Redirected, long ClientErrors, long ServerErrors);

/// <summary>One proxy's share in what was seen of an endpoint.</summary>
/// <param name="Proxy">The proxy's node id; empty for all those that are not named.</param>
/// <param name="Failed">Failures it saw.</param>
/// <param name="Run">Its part of the failures that ended the period, for each of the three runs.</param>
public sealed record ReportSource(string Proxy, long Failed, FailureRuns Run);

/// <summary>One call's worth of observations of one service.</summary>
public sealed record ServiceReport
{
    /// <summary>Of which service.</summary>
    public required ServiceId Service { get; init; }

    /// <summary>Which gateway says so.</summary>
    public required string Reporter { get; init; }

    /// <summary>When the report left, by the clock that its times are of; the receiver shifts them to its own. Null when it holds no times.</summary>
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>At most one for each endpoint.</summary>
    public required ImmutableArray<EndpointObservation> Observations { get; init; }

    /// <summary>
    /// The observations with their times by the receiver's clock, so that those of several reporters can be compared: off by what the report was
    /// under way, not by how far the clocks are apart. Times that no <see cref="SentAt"/> goes with are dropped.
    /// </summary>
    /// <param name="now">When the report arrived, by the receiver's clock.</param>
    public IEnumerable<EndpointObservation> ReceivedAt(DateTimeOffset now)
    {
        var by = now - SentAt;
        return Observations.Select(observation => observation.Moved(by));
    }
}
