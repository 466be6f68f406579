using Envoy.Config.Endpoint.V3;
using Mesh.Core;
using Mesh.Core.Outliers;
using Mesh.Core.Snapshots;
using Mesh.Simulation.Engine;
using Mesh.Xds;
using Mesh.Xds.LoadReports;
using Mesh.Xds.Resources;

namespace Mesh.Simulation.Nodes;

/// <summary>
/// A gateway: the real accumulator, reader of reports, translation and ADS streams in a modelled shell that pulls snapshots when hinted and every now and
/// then, and passes reports on one call at a time, failures at once.
/// </summary>
public sealed class Gateway
{
    private static readonly TimeSpan Reread = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ReportTimeout = TimeSpan.FromSeconds(5);
    private const int Retries = 10;

    private readonly World _world;
    private readonly List<Session> _sessions = [];
    private readonly NodeClock _clock;
    private ReportAccumulator _waiting = new();
    private EndpointIndex _index = EndpointIndex.Empty;
    private bool _calling;
    private int _failures;
    private long _life;

    public Gateway(World world, string name)
    {
        (_world, Name) = (world, name);
        _clock = new NodeClock(world.Simulator);
        Start();
    }

    public string Name { get; }

    public NodeClock Clock => _clock;

    public bool Alive { get; private set; }

    /// <summary>The newest snapshot it knows.</summary>
    public ServiceSnapshot? View { get; private set; }

    /// <summary>What it can send; null until it has read the service.</summary>
    public MeshResources? Resources { get; private set; }

    public IReadOnlyList<Session> Sessions => _sessions;

    /// <summary>It knows a newer snapshot: the one before and the new one.</summary>
    public event Action<ServiceSnapshot?, ServiceSnapshot>? Followed;

    public void Start()
    {
        if (Alive)
        {
            return;
        }

        Alive = true;
        var life = ++_life;
        Pull();
        _world.Simulator.Every(Reread * _world.Dice.NextDouble(), Reread, () => While(life, Pull));
        _world.Simulator.Every(TimeSpan.FromSeconds(_world.Dice.NextDouble()), TimeSpan.FromSeconds(1), () => While(life, () => Flush(urgent: false)));
    }

    /// <summary>It dies, with all that was not passed on.</summary>
    public void Stop()
    {
        (Alive, View, Resources, _waiting, _calling, _failures) = (false, null, null, new(), false, 0);
        _life++;
        foreach (var session in _sessions.ToList())
        {
            session.Break();
        }
    }

    public Session? Accept(MeshProxy proxy)
    {
        if (!Alive)
        {
            return null;
        }

        var session = new Session(_world, proxy, this);
        _sessions.Add(session);
        return session;
    }

    public void Closed(Session session) => _sessions.Remove(session);

    /// <summary>The service says that there is a newer snapshot.</summary>
    public void Hinted()
    {
        if (Alive)
        {
            Pull();
        }
    }

    private void Pull()
    {
        var life = _life;
        _world.Network.Send(Name, Silo.Name, () =>
        {
            if (_world.Silo.Published is { } published)
            {
                _world.Network.Send(Silo.Name, Name, () => While(life, () => Follow(published)));
            }
        });
    }

    /// <summary>A proxy's load report.</summary>
    public void Reported(string proxy, IReadOnlyList<ClusterStats> reported)
    {
        foreach (var stats in View is null ? [] : reported)
        {
            foreach (var observation in LoadReportReader.Read(stats, _index, proxy, _clock.GetUtcNow()).Observations)
            {
                _waiting.Add(observation);
            }
        }

        Flush(urgent: true);
    }

    private bool While(long life, Action act)
    {
        if (life == _life)
        {
            act();
        }

        return life == _life;
    }

    private void Follow(ServiceSnapshot snapshot)
    {
        // As the view does: an answer that was overtaken changes nothing.
        if (View is { } known && snapshot.Version <= known.Version && _world.Options.Bug != PlantedBug.FollowsBackwards)
        {
            return;
        }

        var before = View;
        View = snapshot;
        _index = EndpointIndex.Of(snapshot);
        var (next, change) = (Resources ?? MeshResources.Empty).With(snapshot.Service, snapshot);
        Resources = next;
        Followed?.Invoke(before, snapshot);
        foreach (var session in _sessions.ToList())
        {
            if (_world.Options.Bug != PlantedBug.ForgetsToTell || snapshot.Version.Number % 5 != 0)
            {
                Mark(session, snapshot.Service, change);
            }

            session.Write();
        }
    }

    private void Mark(Session session, ServiceId service, ResourceChange change)
    {
        if (change.Cluster)
        {
            session.Stream.Mark(ResourceType.Cluster, service.ToString());
        }

        if (change.Endpoints)
        {
            session.Stream.Mark(ResourceType.Endpoints, service.ToString());
        }

        if (change.Routes)
        {
            session.Stream.Mark(ResourceType.Listener, World.Host);
            session.Stream.Mark(ResourceType.Route, World.Host);
        }
    }

    /// <summary>One call at a time; while it is under way the next one fills up.</summary>
    private void Flush(bool urgent)
    {
        if (_calling || _waiting.Count == 0 || (urgent && (!_waiting.HasFailures || _failures > 0)))
        {
            return;
        }

        _calling = true;
        var (life, answered) = (_life, false);
        var report = new ServiceReport { Service = _world.Service, Reporter = Name, SentAt = _clock.GetUtcNow(), Observations = _waiting.Flush() };
        _world.Simulator.After(ReportTimeout, () => Answer(true));
        _world.Network.Send(Name, Silo.Name, () => _world.Silo.Report(report, taken =>
            _world.Network.Send(Silo.Name, Name, () => Answer(taken))));

        void Answer(bool taken) => While(life, () =>
        {
            if (!answered)
            {
                answered = true;
                Answered(report, taken);
            }
        });
    }

    private void Answered(ServiceReport report, bool taken)
    {
        _calling = false;
        if (taken)
        {
            _failures = 0;
        }
        else if (++_failures <= Retries)
        {
            var since = _waiting.Flush();
            _waiting = new ReportAccumulator();
            foreach (var observation in report.Observations.Concat(since))
            {
                _waiting.Add(observation);
            }
        }
        else
        {
            _failures = 1;
        }

        Flush(urgent: true);
    }
}
