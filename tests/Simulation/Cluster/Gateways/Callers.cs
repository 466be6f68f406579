using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Outliers;
using Mesh.Proxy.Upstream;
using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Cluster.Gateways;

/// <summary>
/// All proxies behind one gateway as one: they send requests to whatever the gateway shows in rotation, and what they saw goes to the services in reports, failures soon and
/// the rest each second, one call at a time for each service, and once more after a call that failed.
/// </summary>
internal sealed class Callers(ClusterWorld cluster, ClusterGateway gateway, Dice dice)
{
    private const int Retries = 10;
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<ServiceId, Outgoing> _outgoing = [];
    private int _beats;

    public void Begin() => _ = gateway.Host.Start(async () =>
    {
        while (true)
        {
            await gateway.Host.Wait(Beat);
            _beats++;
            foreach (var (service, snapshot) in gateway.Shown.OrderBy(shown => shown.Key).ToList())
            {
                var to = Of(service);
                foreach (var endpoint in snapshot.Endpoints.Where(endpoint => endpoint.InRotation && cluster.Calling))
                {
                    if (Request($"{endpoint.Address}:{endpoint.Port}", endpoint.Id, endpoint.Weight) is { } seen)
                    {
                        to.Waiting.Add(seen);
                    }
                }

                Flush(service, to, urgent: _beats % 5 != 0);
            }
        }
    });

    private Outgoing Of(ServiceId service)
    {
        if (!_outgoing.TryGetValue(service, out var outgoing))
        {
            _outgoing[service] = outgoing = new();
        }

        return outgoing;
    }

    /// <summary>A few requests, one after the other.</summary>
    private EndpointObservation? Request(string key, string id, int weight)
    {
        var requests = weight >= 100 ? dice.Next(1, 4) : dice.Chance(0.5) ? 1 : 0;
        var backend = cluster.BackendAt(key)?.Backend;
        if (requests == 0)
        {
            return null;
        }

        long succeeded = 0, trailing = 0;
        for (var i = 0; i < requests; i++)
        {
            var well = (backend?.Serve(dice) ?? TryResult.LocalOrigin) == TryResult.Success;
            (succeeded, trailing) = well ? (succeeded + 1, 0) : (succeeded, trailing + 1);
        }

        var now = gateway.Host.Clock.GetUtcNow();
        return new EndpointObservation
        {
            EndpointId = id,
            Succeeded = succeeded,
            Failed = requests - succeeded,
            TrailingFailures = trailing,
            TrailingGatewayFailures = 0,
            TrailingLocalOriginFailures = 0,
            LastSuccess = succeeded > 0 ? now : null,
            RunBegan = trailing > 0 ? now : null,
        };
    }

    private void Flush(ServiceId service, Outgoing to, bool urgent)
    {
        if (to.Calling || to.Waiting.Count == 0 || (urgent && !to.Waiting.HasFailures))
        {
            return;
        }

        to.Calling = true;
        _ = gateway.Host.Start(() => Send(service, to));
    }

    private async Task Send(ServiceId service, Outgoing to)
    {
        var report = new ServiceReport { Service = service, Reporter = gateway.Name, SentAt = gateway.Host.Clock.GetUtcNow(), Observations = to.Waiting.Flush() };
        try
        {
            await gateway.Grains.GetGrain<IServiceGrain>(service.ToString()).Report(report);
            to.Failures = 0;
        }
        catch (Exception)
        {
            if (++to.Failures <= Retries)
            {
                var since = to.Waiting.Flush();
                foreach (var seen in report.Observations.Concat(since))
                {
                    to.Waiting.Add(seen);
                }
            }
        }

        to.Calling = false;
    }

    private sealed class Outgoing
    {
        public ReportAccumulator Waiting { get; } = new();

        public bool Calling { get; set; }

        public int Failures { get; set; }
    }
}
