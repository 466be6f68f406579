using System.Collections.Immutable;
using Mesh.Core.Latency;
using Mesh.Core.Outliers;
using Mesh.Proxy.LoadBalancing;

namespace Mesh.Simulation.Queues;

/// <summary>One proxy: the balancer that real ones have, the requests that it has in flight, and what it has not reported yet.</summary>
internal sealed class QueueProxy
{
    private readonly Random _random;
    private readonly Turn _turn;
    private readonly Seen[] _seen;
    private readonly bool _leastRequest;
    private LoadBalancer _balancer = EmptyBalancer.Instance;

    public QueueProxy(Random random, int stations, bool leastRequest)
    {
        (_random, _leastRequest) = (random, leastRequest);
        _turn = new Turn((uint)random.Next());
        _seen = [.. Enumerable.Range(0, stations).Select(_ => new Seen())];
        Take([.. Enumerable.Repeat(100, stations)]);
    }

    /// <summary>A push of weights arrived.</summary>
    public void Take(ImmutableArray<int> weights)
    {
        var candidates = weights.Select((weight, i) => new Candidate(Id(i), weight)).ToImmutableArray();
        _balancer = _leastRequest ? new LeastRequestBalancer(candidates, i => _seen[i].InFlight) : new RoundRobinBalancer(candidates, _turn);
    }

    /// <summary>A request goes out; which backend gets it.</summary>
    public int Send()
    {
        var station = _balancer.Pick(_random, 0, 0);
        _seen[station].InFlight++;
        return station;
    }

    /// <summary>Its answer came.</summary>
    public void Answered(int station, double seconds, bool failed)
    {
        var seen = _seen[station];
        seen.InFlight--;
        seen.Failed += failed ? 1 : 0;
        seen.Succeeded += failed ? 0 : 1;
        seen.Latencies.Add(seconds);
    }

    /// <summary>What is to be reported, and starts anew. Requests in flight are as many as there are now, times the period.</summary>
    public List<EndpointObservation> Report(double period, bool withLatency)
    {
        var observations = new List<EndpointObservation>();
        for (var i = 0; i < _seen.Length; i++)
        {
            var seen = _seen[i];
            observations.Add(new EndpointObservation
            {
                EndpointId = Id(i),
                Succeeded = seen.Succeeded,
                Failed = seen.Failed,
                GatewayFailed = seen.Failed,
                Latency = withLatency ? LatencySketch.Of(seen.Latencies) : null,
                InFlightSeconds = seen.InFlight * period,
            });
            (seen.Succeeded, seen.Failed) = (0, 0);
            seen.Latencies.Clear();
        }

        return observations;
    }

    public static string Id(int station) => $"e{station}";

    private sealed class Seen
    {
        public int InFlight;
        public long Succeeded;
        public long Failed;
        public List<double> Latencies { get; } = [];
    }
}
