using Envoy.Config.Endpoint.V3;
using Mesh.Simulation.Engine;
using Mesh.Xds.LoadReports;

namespace Mesh.Simulation.Nodes;

/// <summary>What a proxy says instead of the truth.</summary>
public interface ILie
{
    IReadOnlyList<ClusterStats> Tell(IReadOnlyList<ClusterStats> truth, Dice dice);
}

/// <summary>Every endpoint that it reports on is said to have failed so often, and in a row.</summary>
public sealed class InventedFailures(string key, ulong count) : ILie
{
    public IReadOnlyList<ClusterStats> Tell(IReadOnlyList<ClusterStats> truth, Dice dice)
    {
        foreach (var endpoint in truth.SelectMany(c => c.UpstreamLocalityStats).SelectMany(l => l.UpstreamEndpointStats))
        {
            var address = endpoint.Address.SocketAddress;
            if ($"{address.Address}:{address.PortValue}" == key)
            {
                endpoint.TotalErrorRequests = count;
                endpoint.TotalSuccessfulRequests = 0;
                endpoint.LoadMetricStats.Clear();
                endpoint.LoadMetricStats.Add(new EndpointLoadMetricStats
                {
                    MetricName = MetricNames.Trailing5xx,
                    NumRequestsFinishedWithMetric = 1,
                    TotalMetricValue = count,
                });
            }
        }

        return truth;
    }
}

/// <summary>Figures that nobody can have counted.</summary>
public sealed class AbsurdFigures : ILie
{
    private static readonly double[] Values = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -1, 1e300, long.MaxValue];

    public IReadOnlyList<ClusterStats> Tell(IReadOnlyList<ClusterStats> truth, Dice dice)
    {
        foreach (var endpoint in truth.SelectMany(c => c.UpstreamLocalityStats).SelectMany(l => l.UpstreamEndpointStats))
        {
            endpoint.TotalErrorRequests = dice.Chance(0.5) ? ulong.MaxValue : (ulong)dice.NextInt64();
            endpoint.TotalSuccessfulRequests = dice.Chance(0.5) ? 0 : ulong.MaxValue;
            foreach (var metric in endpoint.LoadMetricStats)
            {
                metric.TotalMetricValue = dice.OneOf(Values);
            }
        }

        return truth;
    }
}

/// <summary>
/// No lie, but the truth of one who cannot get there: what would have gone well to that endpoint fails without an answer, request by request, with the times of
/// the requests that it really made.
/// </summary>
public sealed class NoWayThere(string key) : ILie
{
    public IReadOnlyList<ClusterStats> Tell(IReadOnlyList<ClusterStats> truth, Dice dice)
    {
        foreach (var endpoint in truth.SelectMany(c => c.UpstreamLocalityStats).SelectMany(l => l.UpstreamEndpointStats))
        {
            var address = endpoint.Address.SocketAddress;
            if ($"{address.Address}:{address.PortValue}" != key || endpoint.TotalSuccessfulRequests == 0)
            {
                continue;
            }

            endpoint.TotalErrorRequests += endpoint.TotalSuccessfulRequests;
            endpoint.TotalSuccessfulRequests = 0;
            var run = (double)endpoint.TotalErrorRequests;
            endpoint.LoadMetricStats.Clear();
            Add(MetricNames.Trailing5xx, run);
            Add(MetricNames.LocalOriginFailure, run);
            Add(MetricNames.TrailingLocalOriginFailure, run);
            // They are of all of the last second.
            Add(MetricNames.RunAge, 1);

            void Add(string name, double value) => endpoint.LoadMetricStats.Add(
                new EndpointLoadMetricStats { MetricName = name, NumRequestsFinishedWithMetric = 1, TotalMetricValue = value });
        }

        return truth;
    }
}
