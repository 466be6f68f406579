using System.Collections.Immutable;
using Envoy.Config.Endpoint.V3;
using Mesh.Core.Outliers;

namespace Mesh.Xds.LoadReports;

/// <summary>What one client saw of one service.</summary>
/// <param name="Observations">By endpoint, in the order of the report; an endpoint may occur twice, when it changed its locality under way.</param>
/// <param name="UnknownEndpoints">How many endpoints with traffic the service does not have (any more).</param>
/// <param name="Unattributed">
/// Requests of localities without endpoints of their own: proxyless gRPC, and Envoy before 1.36, tell no more.
/// </param>
public sealed record ClusterObservations(ImmutableArray<EndpointObservation> Observations, int UnknownEndpoints, long Unattributed);

/// <summary>
/// Reads load reports. A report's counters are taken as what they claim to be and no more: absurd ones are cut, since they come from other processes.
/// </summary>
public static class LoadReportReader
{
    /// <summary>More requests than one endpoint can have answered one client within a period.</summary>
    public const long MaxCount = 1_000_000_000;

    /// <summary>What a client's statistics of one cluster say about the endpoints of its service.</summary>
    public static ClusterObservations Read(ClusterStats stats, EndpointIndex endpoints)
    {
        var observations = ImmutableArray.CreateBuilder<EndpointObservation>();
        var unknown = 0;
        long unattributed = 0;
        foreach (var locality in stats.UpstreamLocalityStats)
        {
            if (locality.UpstreamEndpointStats.Count == 0)
            {
                unattributed += Count(locality.TotalSuccessfulRequests) + Count(locality.TotalErrorRequests);
            }

            foreach (var endpoint in locality.UpstreamEndpointStats)
            {
                if (endpoint is { TotalSuccessfulRequests: 0, TotalErrorRequests: 0 })
                {
                    continue;
                }

                if (endpoint.Address?.SocketAddress is { } socket && endpoints.Find(socket.Address, (int)socket.PortValue) is { } id)
                {
                    observations.Add(Read(endpoint, id));
                }
                else
                {
                    unknown++;
                }
            }
        }

        return new(observations.ToImmutable(), unknown, unattributed);
    }

    private static EndpointObservation Read(UpstreamEndpointStats stats, string id) => new()
    {
        EndpointId = id,
        Succeeded = Count(stats.TotalSuccessfulRequests),
        Failed = Count(stats.TotalErrorRequests),
        GatewayFailed = Metric(stats, MetricNames.GatewayFailure) ?? 0,
        LocalOriginFailed = Metric(stats, MetricNames.LocalOriginFailure) ?? 0,
        TrailingFailures = Metric(stats, MetricNames.Trailing5xx),
        TrailingGatewayFailures = Metric(stats, MetricNames.TrailingGatewayFailure),
        TrailingLocalOriginFailures = Metric(stats, MetricNames.TrailingLocalOriginFailure),
    };

    private static long Count(ulong value) => (long)Math.Min(value, MaxCount);

    private static long? Metric(UpstreamEndpointStats stats, string name)
    {
        foreach (var metric in stats.LoadMetricStats)
        {
            if (metric.MetricName == name)
            {
                return double.IsNaN(metric.TotalMetricValue) ? 0 : (long)Math.Clamp(metric.TotalMetricValue, 0, MaxCount);
            }
        }

        return null;
    }
}
