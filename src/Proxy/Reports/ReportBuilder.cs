using Envoy.Config.Endpoint.V3;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Mesh.Core;
using Mesh.Core.Latency;
using Mesh.Proxy.Upstream;
using Mesh.Xds.LoadReports;
using Wire = Envoy.Config.Core.V3;

namespace Mesh.Proxy.Reports;

/// <summary>What one endpoint did in the period of a report.</summary>
public readonly record struct Seen(EndpointState Endpoint, TallyPeriod Period);

/// <summary>Turns timestamps into seconds, at the moment of a report.</summary>
/// <param name="Now">A timestamp.</param>
/// <param name="Frequency">Ticks in a second.</param>
public readonly record struct ReportClock(long Now, long Frequency)
{
    /// <summary>How long ago that was, in seconds.</summary>
    public double Age(long at) => Length(Now - at);

    /// <summary>How long that is, in seconds.</summary>
    public double Length(long ticks) => (double)ticks / Frequency;
}

/// <summary>Writes what was seen as a load report: deltas, by cluster and locality, and as named metrics what a plain report cannot say.</summary>
public static class ReportBuilder
{
    /// <summary>The clusters' part of a report.</summary>
    /// <param name="seen">At most one for each endpoint; those without anything are left out.</param>
    /// <param name="interval">How long a cluster's period was.</param>
    /// <param name="clock">The one that the tally's times are of.</param>
    public static IEnumerable<ClusterStats> Build(IEnumerable<Seen> seen, Func<string, TimeSpan> interval, ReportClock clock) =>
        from one in seen
        where !one.Period.IsEmpty
        group one by one.Endpoint.Cluster into cluster
        select new ClusterStats
        {
            ClusterName = cluster.Key,
            ClusterServiceName = cluster.Key,
            LoadReportInterval = interval(cluster.Key).ToDuration(),
            UpstreamLocalityStats = { cluster.GroupBy(s => s.Endpoint.Locality).Select(g => Locality(g.Key, g, clock)) },
        };

    private static UpstreamLocalityStats Locality(Locality at, IEnumerable<Seen> seen, ReportClock clock)
    {
        var stats = new UpstreamLocalityStats { Locality = new Wire.Locality { Region = at.Region, Zone = at.Zone, SubZone = at.SubZone } };
        foreach (var one in seen.Select(s => Endpoint(s, clock)))
        {
            stats.UpstreamEndpointStats.Add(one);
            stats.TotalSuccessfulRequests += one.TotalSuccessfulRequests;
            stats.TotalErrorRequests += one.TotalErrorRequests;
            stats.TotalIssuedRequests += one.TotalIssuedRequests;
            stats.TotalRequestsInProgress += one.TotalRequestsInProgress;
        }

        return stats;
    }

    private static UpstreamEndpointStats Endpoint(Seen seen, ReportClock clock)
    {
        var (endpoint, (counts, latency)) = seen;
        var colon = endpoint.Key.LastIndexOf(':');
        var stats = new UpstreamEndpointStats
        {
            Address = new Wire.Address
            {
                SocketAddress = new Wire.SocketAddress
                {
                    Address = endpoint.Key[..colon].Trim('[', ']'),
                    PortValue = uint.Parse(endpoint.Key.AsSpan(colon + 1), System.Globalization.CultureInfo.InvariantCulture),
                },
            },
            TotalSuccessfulRequests = (ulong)counts.Succeeded,
            TotalErrorRequests = (ulong)counts.Failed,
            TotalIssuedRequests = (ulong)counts.Issued,
            TotalRequestsInProgress = (ulong)Math.Max(0, endpoint.InFlight),
        };
        Metrics(stats.LoadMetricStats, counts, clock);
        Metrics(stats.LoadMetricStats, latency);
        return stats;
    }

    private static void Metrics(RepeatedField<EndpointLoadMetricStats> metrics, TallyCounts counts, ReportClock clock)
    {
        if (counts.Succeeded + counts.Failed > 0)
        {
            // Zero too: it is the news that a run has ended.
            metrics.Add(Of(MetricNames.Trailing5xx, 1, counts.TrailingFailures));
        }

        Number(MetricNames.TrailingGatewayFailure, counts.TrailingGatewayFailures);
        Number(MetricNames.TrailingLocalOriginFailure, counts.TrailingLocalOriginFailures);
        Number(MetricNames.GatewayFailure, counts.GatewayFailed);
        Number(MetricNames.LocalOriginFailure, counts.LocalOriginFailed);
        Age(MetricNames.LastSuccessAge, counts.LastSuccess);
        Age(MetricNames.RunAge, counts.RunBegan);
        Number(MetricNames.InFlightSeconds, clock.Length(counts.InFlightTicks));
        Count(MetricNames.Ok, counts.Statuses.Ok);
        Count(MetricNames.Redirected, counts.Statuses.Redirected);
        Count(MetricNames.ClientErrors, counts.Statuses.ClientErrors);
        Count(MetricNames.ServerErrors, counts.Statuses.ServerErrors);

        void Number(string name, double value)
        {
            if (value != 0)
            {
                metrics.Add(Of(name, 1, value));
            }
        }

        void Age(string name, long? at)
        {
            if (at is { } then)
            {
                metrics.Add(Of(name, 1, clock.Age(then)));
            }
        }

        void Count(string name, long count)
        {
            if (count > 0)
            {
                metrics.Add(Of(name, count, 0));
            }
        }
    }

    private static void Metrics(RepeatedField<EndpointLoadMetricStats> metrics, LatencySketch latency)
    {
        if (latency.Count == 0)
        {
            return;
        }

        metrics.Add(Of(MetricNames.Latency, latency.Count, latency.SumSeconds));
        foreach (var (bucket, count) in latency.Counts)
        {
            metrics.Add(Of(MetricNames.LatencyBucket(bucket), count, 0));
        }
    }

    private static EndpointLoadMetricStats Of(string name, long count, double value) =>
        new() { MetricName = name, NumRequestsFinishedWithMetric = (ulong)count, TotalMetricValue = value };
}
