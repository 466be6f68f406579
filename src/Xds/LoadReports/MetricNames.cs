namespace Mesh.Xds.LoadReports;

/// <summary>
/// Our own proxy's extension of a load report: named metrics in <c>UpstreamEndpointStats.load_metric_stats</c>. A plain report says how
/// many requests failed but neither how nor in which order, so consecutive failures cannot be told from it. Each metric here is one number
/// for the period, in <c>total_metric_value</c> (with <c>num_requests_finished_with_metric</c> = 1); the server adds nothing up inside one report.
/// Other servers ignore metrics they do not know, which is why this is not a protocol of its own.
/// </summary>
public static class MetricNames
{
    /// <summary>How many failures of any kind in a row ended the period, without a success after them; 0 after a success.</summary>
    public const string Trailing5xx = "mesh.trailing_5xx";

    /// <summary>The same for answers 502, 503 and 504; any other outcome ends the run.</summary>
    public const string TrailingGatewayFailure = "mesh.trailing_gateway_failure";

    /// <summary>The same for requests that got no answer: connect failures, resets, time-outs.</summary>
    public const string TrailingLocalOriginFailure = "mesh.trailing_local_origin_failure";

    /// <summary>Of <c>total_error_requests</c>: answers 502, 503 and 504.</summary>
    public const string GatewayFailure = "mesh.gateway_failure";

    /// <summary>Of <c>total_error_requests</c>: requests that got no answer.</summary>
    public const string LocalOriginFailure = "mesh.local_origin_failure";
}
