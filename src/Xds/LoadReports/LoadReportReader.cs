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

    private const int LongestSource = 128;

    /// <summary>What a client's statistics of one cluster say about the endpoints of its service.</summary>
    /// <param name="stats">The client's.</param>
    /// <param name="endpoints">Of the service.</param>
    /// <param name="source">The client's node id; empty when it has none.</param>
    /// <param name="now">When the report came. Ages count back from it, so they come out younger by the way's length.</param>
    public static ClusterObservations Read(ClusterStats stats, EndpointIndex endpoints, string source, DateTimeOffset now)
    {
        var reader = new EndpointStatsReader(source, now, Seconds(stats));
        var observations = ImmutableArray.CreateBuilder<EndpointObservation>();
        var unknown = 0;
        long unattributed = 0;
        foreach (var locality in stats.UpstreamLocalityStats)
        {
            if (locality.UpstreamEndpointStats.Count == 0)
            {
                unattributed += Finished(locality);
            }

            foreach (var endpoint in locality.UpstreamEndpointStats)
            {
                var known = endpoint.Address?.SocketAddress is { } socket ? endpoints.Find(socket.Address, (int)socket.PortValue) : null;
                if (known is not null)
                {
                    var seen = reader.Read(endpoint, known);
                    if (seen is not { Succeeded: 0, Failed: 0, InFlightSeconds: 0 })
                    {
                        observations.Add(seen);
                    }
                }
                else if (endpoint is not { TotalSuccessfulRequests: 0, TotalErrorRequests: 0 })
                {
                    unknown++;
                }
            }
        }

        return new(observations.ToImmutable(), unknown, unattributed);
    }

    /// <summary>How many requests of a locality were answered or failed, as far as that is possible.</summary>
    public static long Finished(UpstreamLocalityStats locality) => Count(locality.TotalSuccessfulRequests) + Count(locality.TotalErrorRequests);

    /// <summary>How a client is called where people read it: its node id without what cannot be printed, and not longer than fits.</summary>
    public static string Source(string node) => string.Concat(node.Take(LongestSource).Select(c => char.IsControl(c) ? '?' : c));

    internal static long Count(ulong value) => (long)Math.Min(value, MaxCount);

    private static double Seconds(ClusterStats stats) =>
        stats.LoadReportInterval is { } interval ? Math.Max(0, interval.Seconds + (interval.Nanos / 1e9)) : 0;
}
