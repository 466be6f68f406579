using Envoy.Config.Endpoint.V3;
using Mesh.Core.Latency;
using Mesh.Core.Outliers;

namespace Mesh.Xds.LoadReports;

/// <summary>The metrics of <see cref="MetricNames"/> as they were sent, in one pass; of a number that is sent twice the first counts.</summary>
internal sealed class NamedMetrics
{
    private static readonly NamedMetrics None = new();

    public double? Trailing5xx { get; private set; }

    public double? TrailingGatewayFailure { get; private set; }

    public double? TrailingLocalOriginFailure { get; private set; }

    public double? GatewayFailure { get; private set; }

    public double? LocalOriginFailure { get; private set; }

    public double? LastSuccessAge { get; private set; }

    public double? RunAge { get; private set; }

    public double? InFlightSeconds { get; private set; }

    public double? LatencySeconds { get; private set; }

    public StatusClasses Statuses { get; private set; }

    /// <summary>Requests by bucket of a latency sketch; null without any.</summary>
    public long[]? Buckets { get; private set; }

    public static NamedMetrics Of(UpstreamEndpointStats stats)
    {
        if (stats.LoadMetricStats.Count == 0)
        {
            return None;
        }

        var metrics = new NamedMetrics();
        foreach (var metric in stats.LoadMetricStats)
        {
            metrics.Take(metric.MetricName, metric.TotalMetricValue, LoadReportReader.Count(metric.NumRequestsFinishedWithMetric));
        }

        return metrics;
    }

    private void Take(string name, double value, long count)
    {
        switch (name)
        {
            case MetricNames.Trailing5xx:
                Trailing5xx ??= value;
                break;
            case MetricNames.TrailingGatewayFailure:
                TrailingGatewayFailure ??= value;
                break;
            case MetricNames.TrailingLocalOriginFailure:
                TrailingLocalOriginFailure ??= value;
                break;
            case MetricNames.GatewayFailure:
                GatewayFailure ??= value;
                break;
            case MetricNames.LocalOriginFailure:
                LocalOriginFailure ??= value;
                break;
            case MetricNames.LastSuccessAge:
                LastSuccessAge ??= value;
                break;
            case MetricNames.RunAge:
                RunAge ??= value;
                break;
            case MetricNames.InFlightSeconds:
                InFlightSeconds ??= value;
                break;
            case MetricNames.Latency:
                LatencySeconds ??= value;
                break;
            default:
                Add(name, count);
                break;
        }
    }

    private void Add(string name, long count)
    {
        switch (name)
        {
            case MetricNames.Ok:
                Statuses = Statuses with { Ok = count };
                break;
            case MetricNames.Redirected:
                Statuses = Statuses with { Redirected = count };
                break;
            case MetricNames.ClientErrors:
                Statuses = Statuses with { ClientErrors = count };
                break;
            case MetricNames.ServerErrors:
                Statuses = Statuses with { ServerErrors = count };
                break;
            default:
                if (MetricNames.BucketOf(name) is { } bucket)
                {
                    (Buckets ??= new long[LatencySketch.Buckets])[bucket] = count;
                }

                break;
        }
    }
}
