using System.Globalization;

namespace Mesh.Xds.LoadReports;

/// <summary>
/// Our own proxy's extension of a load report: named metrics in <c>UpstreamEndpointStats.load_metric_stats</c>. A plain report says how
/// many requests failed but neither how, nor in which order, nor how long any took. Each metric here is for the period; the server adds nothing
/// up inside one report. Other servers ignore metrics they do not know, which is why this is not a protocol of its own.
/// <para>
/// Two kinds. A <em>number</em> is in <c>total_metric_value</c>, with <c>num_requests_finished_with_metric</c> = 1. A <em>count</em> of requests
/// is in <c>num_requests_finished_with_metric</c>, where it takes one byte instead of nine. What is 0 is left out, except for
/// <see cref="Trailing5xx"/>: its presence says that the sender can tell the order.
/// </para>
/// </summary>
public static class MetricNames
{
    /// <summary>Number: how many failures of any kind in a row ended the period, without a success after them; 0 after a success.</summary>
    public const string Trailing5xx = "mesh.trailing_5xx";

    /// <summary>Number: the same for answers 502, 503 and 504; any other outcome ends the run.</summary>
    public const string TrailingGatewayFailure = "mesh.trailing_gateway_failure";

    /// <summary>Number: the same for requests that got no answer: connect failures, resets, time-outs.</summary>
    public const string TrailingLocalOriginFailure = "mesh.trailing_local_origin_failure";

    /// <summary>Number: of <c>total_error_requests</c>, the answers 502, 503 and 504.</summary>
    public const string GatewayFailure = "mesh.gateway_failure";

    /// <summary>Number: of <c>total_error_requests</c>, the requests that got no answer.</summary>
    public const string LocalOriginFailure = "mesh.local_origin_failure";

    /// <summary>Number: how many seconds before the report was written the last success of the period ended.</summary>
    public const string LastSuccessAge = "mesh.last_success_age";

    /// <summary>Number: how many seconds before the report was written the first of the trailing failures ended.</summary>
    public const string RunAge = "mesh.run_age";

    /// <summary>Number: requests under way, integrated over the period, in seconds.</summary>
    public const string InFlightSeconds = "mesh.in_flight_seconds";

    /// <summary>
    /// How long requests took that got an answer, from the try's beginning to the answer's head: how many there were, and all their seconds together
    /// in <c>total_metric_value</c>.
    /// </summary>
    public const string Latency = "mesh.latency";

    /// <summary>Count: of those, the ones in one bucket of <see cref="Core.Latency.LatencySketch"/>; the bucket's number follows.</summary>
    public const string LatencyBucketPrefix = "mesh.latency.";

    /// <summary>Count: answers 1xx and 2xx.</summary>
    public const string Ok = "mesh.status.2xx";

    /// <summary>Count: answers 3xx.</summary>
    public const string Redirected = "mesh.status.3xx";

    /// <summary>Count: answers 4xx.</summary>
    public const string ClientErrors = "mesh.status.4xx";

    /// <summary>Count: answers 5xx.</summary>
    public const string ServerErrors = "mesh.status.5xx";

    private static readonly string[] Buckets =
        [.. Enumerable.Range(0, Core.Latency.LatencySketch.Buckets).Select(i => LatencyBucketPrefix + i.ToString(CultureInfo.InvariantCulture))];

    /// <summary>The metric of one bucket.</summary>
    public static string LatencyBucket(int bucket) => Buckets[bucket];

    /// <summary>Which bucket a metric is of; null when it is of none that exists.</summary>
    public static int? BucketOf(string metric) =>
        metric.StartsWith(LatencyBucketPrefix, StringComparison.Ordinal)
        && int.TryParse(metric.AsSpan(LatencyBucketPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var bucket)
        && bucket < Core.Latency.LatencySketch.Buckets
            ? bucket
            : null;
}
