using Envoy.Config.Endpoint.V3;
using Google.Protobuf.WellKnownTypes;
using Mesh.Core;
using Mesh.Proxy.Upstream;
using Mesh.Xds.LoadReports;
using Wire = Envoy.Config.Core.V3;

namespace Mesh.Proxy.Reports;

/// <summary>What one endpoint did in the period of a report.</summary>
public readonly record struct Seen(EndpointState Endpoint, TallyCounts Counts);

/// <summary>Writes what was seen as a load report: deltas, by cluster and locality, with the order of failures as named metrics.</summary>
public static class ReportBuilder
{
    /// <summary>The clusters' part of a report.</summary>
    /// <param name="seen">At most one for each endpoint; those without anything are left out.</param>
    /// <param name="interval">How long a cluster's period was.</param>
    public static IEnumerable<ClusterStats> Build(IEnumerable<Seen> seen, Func<string, TimeSpan> interval) =>
        from one in seen
        where !one.Counts.IsEmpty
        group one by one.Endpoint.Cluster into cluster
        select new ClusterStats
        {
            ClusterName = cluster.Key,
            ClusterServiceName = cluster.Key,
            LoadReportInterval = interval(cluster.Key).ToDuration(),
            UpstreamLocalityStats = { cluster.GroupBy(s => s.Endpoint.Locality).Select(g => Locality(g.Key, g)) },
        };

    private static UpstreamLocalityStats Locality(Locality at, IEnumerable<Seen> seen)
    {
        var stats = new UpstreamLocalityStats { Locality = new Wire.Locality { Region = at.Region, Zone = at.Zone, SubZone = at.SubZone } };
        foreach (var one in seen.Select(Endpoint))
        {
            stats.UpstreamEndpointStats.Add(one);
            stats.TotalSuccessfulRequests += one.TotalSuccessfulRequests;
            stats.TotalErrorRequests += one.TotalErrorRequests;
            stats.TotalIssuedRequests += one.TotalIssuedRequests;
            stats.TotalRequestsInProgress += one.TotalRequestsInProgress;
        }

        return stats;
    }

    private static UpstreamEndpointStats Endpoint(Seen seen)
    {
        var (endpoint, counts) = seen;
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
        Add(MetricNames.Trailing5xx, counts.TrailingFailures);
        Add(MetricNames.TrailingGatewayFailure, counts.TrailingGatewayFailures);
        Add(MetricNames.TrailingLocalOriginFailure, counts.TrailingLocalOriginFailures);
        Add(MetricNames.GatewayFailure, counts.GatewayFailed);
        Add(MetricNames.LocalOriginFailure, counts.LocalOriginFailed);
        return stats;

        // Zeros too: a trailing 0 is the news that a run has ended.
        void Add(string name, long value) => stats.LoadMetricStats.Add(
            new EndpointLoadMetricStats { MetricName = name, NumRequestsFinishedWithMetric = 1, TotalMetricValue = value });
    }
}
