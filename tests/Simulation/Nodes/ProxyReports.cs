using Envoy.Config.Endpoint.V3;
using Mesh.Proxy.Reports;
using Mesh.Proxy.Upstream;
using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Nodes;

/// <summary>
/// When a proxy reports, as <see cref="LoadReporter"/> decides it: each second all; failures at once, but only as fast as the real
/// <see cref="UrgentPace"/> lets them; what cannot be sent goes back to where it was counted. What is in a report is the real
/// <see cref="ReportBuilder"/>'s doing.
/// </summary>
public sealed class ProxyReports(World world, MeshProxy proxy, UpstreamRegistry registry, Dice dice, NodeClock clock)
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    private readonly List<EndpointState> _urgent = [];
    private readonly UrgentPace _pace = new(LoadReporter.UrgentBurst, LoadReporter.UrgentEvery, clock);
    private DateTimeOffset _last = DateTimeOffset.MinValue;
    private DateTimeOffset _regular = DateTimeOffset.MinValue;
    private bool _scheduled;

    /// <summary>What it says instead of the truth; null while it is honest.</summary>
    public ILie? Lie { get; set; }

    public void Opened(Session session)
    {
        _scheduled = false;
        world.Simulator.Every(dice.Between(TimeSpan.Zero, Pace), Pace, () =>
        {
            if (session.Open && proxy.Session == session)
            {
                Send(everything: true);
            }

            return session.Open;
        });
        Hurry();
    }

    /// <summary>A request to an endpoint failed.</summary>
    public void Failed(EndpointState endpoint)
    {
        if (endpoint.Reported && endpoint.TryMarkUrgent())
        {
            _urgent.Add(endpoint);
            Hurry();
        }
    }

    private void Hurry()
    {
        if (_scheduled || _urgent.Count == 0 || proxy.Session is not { } session)
        {
            return;
        }

        _scheduled = true;
        var together = _last == DateTimeOffset.MinValue ? TimeSpan.Zero : _last + LoadReporter.Coalesce - world.Simulator.Now;
        var turn = _pace.Wait();
        world.Simulator.After(turn > together ? turn : together, () =>
        {
            if (proxy.Session == session)
            {
                _scheduled = false;
                if (_urgent.Count > 0)
                {
                    _pace.Spend();
                    Send(everything: false);
                }
            }
        });
    }

    private void Send(bool everything)
    {
        var seen = new List<Seen>();
        _urgent.ForEach(endpoint =>
        {
            endpoint.ClearUrgent();
            Take(endpoint, seen);
        });
        _urgent.Clear();
        if (everything)
        {
            foreach (var endpoint in registry.Endpoints)
            {
                Take(endpoint, seen);
            }
        }

        var now = world.Simulator.Now;
        var period = _regular == DateTimeOffset.MinValue ? Pace : now - _regular;
        (_last, _regular) = (now, now);
        IReadOnlyList<ClusterStats> stats = [.. ReportBuilder.Build(seen, _ => period, new ReportClock(clock.GetTimestamp(), clock.TimestampFrequency))];
        stats = Lie?.Tell(stats, dice) ?? stats;
        if (stats.Count > 0 && proxy.Session?.Report(stats) != true)
        {
            foreach (var (endpoint, counted) in seen)
            {
                endpoint.Tally.PutBack(counted);
                if (counted.Counts.Failed > 0)
                {
                    Failed(endpoint);
                }
            }
        }
    }

    private void Take(EndpointState endpoint, List<Seen> seen)
    {
        if (endpoint.Reported && endpoint.Tally.Drain(clock.GetTimestamp()) is { IsEmpty: false } counted)
        {
            seen.Add(new Seen(endpoint, counted));
        }
    }
}
