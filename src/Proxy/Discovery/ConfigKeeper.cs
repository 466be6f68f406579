using Envoy.Config.Core.V3;
using Envoy.Service.Discovery.V3;
using Mesh.Proxy.Model;
using Mesh.Proxy.Upstream;

namespace Mesh.Proxy.Discovery;

/// <summary>How much a proxy may know, and for how long.</summary>
public sealed record KeeperLimits
{
    /// <summary>Host names at once.</summary>
    public int Hosts { get; init; } = 1000;

    /// <summary>A host that no request named for so long is given up.</summary>
    public TimeSpan HostIdle { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The same for one that does not exist.</summary>
    public TimeSpan AbsentHostIdle { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Without a control plane for so long, whom it ejected may prove to be well again.</summary>
    public TimeSpan EjectionLapse { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// A control plane that was there may be away for so long before this proxy judges in its place: moving to another gateway takes less, and an ejection of our own that ends
    /// with the move would be one for nothing.
    /// </summary>
    public TimeSpan AwayGrace { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Who judges endpoints.</summary>
    public Detection Detection { get; init; }
}

/// <summary>
/// The one writer of the configuration in force. Events go in one at a time (a host is asked for, the stream opens, answers, ends, time passes);
/// what is to be sent comes out, and each change is published as a whole. It knows no stream, so that tests can be one.
/// </summary>
public sealed class ConfigKeeper
{
    private readonly ConfigStore _store;
    private readonly UpstreamRegistry _registry;
    private readonly TimeProvider _time;
    private readonly KeeperLimits _limits;
    private readonly HashSet<string> _pinned;
    private readonly Dictionary<string, Host> _hosts = new(StringComparer.Ordinal);
    private readonly LocalOutliers _outliers = new();
    private readonly LapsedReturns _returns = new();
    private Dictionary<string, ClusterModel> _clusters = new(StringComparer.Ordinal);
    private Dictionary<string, HostModel>? _hostModels;
    private DateTimeOffset? _awaySince;
    private DateTimeOffset _judgesFrom;
    private bool _lapsed;

    /// <summary>Starts out disconnected, with what was saved of an earlier life.</summary>
    public ConfigKeeper(
        Node node,
        IEnumerable<string> pinned,
        KeeperLimits limits,
        ConfigStore store,
        UpstreamRegistry registry,
        TimeProvider time,
        IReadOnlyList<DiscoveryResponse>? saved = null)
    {
        State = new AdsState(node);
        (_limits, _store, _registry, _time) = (limits, store, registry, time);
        _pinned = new HashSet<string>(pinned, StringComparer.Ordinal);
        _awaySince = _judgesFrom = time.GetUtcNow();
        foreach (var host in _pinned)
        {
            Add(host);
        }

        foreach (var host in (saved ?? []).SelectMany(AdsState.ListenersIn).Where(h => !_hosts.ContainsKey(h)).Take(limits.Hosts - _hosts.Count))
        {
            Add(host);
        }

        Apply(State.Want(_hosts.Keys));
        foreach (var response in saved ?? [])
        {
            Apply(State.Receive(response));
        }
    }

    /// <summary>The protocol's state; for the admin pages and for tests.</summary>
    public AdsState State { get; }

    /// <summary>Since when there has been no control plane; null while there is one.</summary>
    public DateTimeOffset? AwaySince => _awaySince;

    /// <summary>Whether it judges endpoints even while the control plane is there.</summary>
    public bool AlwaysJudges => _limits.Detection != Detection.Mesh;

    private bool Judges => AlwaysJudges || (_awaySince is not null && _time.GetUtcNow() >= _judgesFrom);

    /// <summary>A request names a host that is not known.</summary>
    /// <returns>Null when as many are known as may be, and all of them are in use.</returns>
    public IReadOnlyList<DiscoveryRequest>? Ask(string host)
    {
        if (_hosts.ContainsKey(host))
        {
            return [];
        }

        if (_hosts.Count >= _limits.Hosts && !EvictOne())
        {
            return null;
        }

        Add(host);
        return Apply(State.Want(_hosts.Keys));
    }

    /// <summary>A stream was opened.</summary>
    public IReadOnlyList<DiscoveryRequest> Opened() => Apply(State.Opened());

    /// <summary>An answer came, so the control plane is there: its verdicts count again, and those made here do not.</summary>
    public IReadOnlyList<DiscoveryRequest> Received(DiscoveryResponse response)
    {
        Present();
        return Apply(State.Receive(response));
    }

    /// <summary>The control plane is known to be there, though it may have nothing new to say.</summary>
    public void Present()
    {
        if (_awaySince is null)
        {
            return;
        }

        _awaySince = null;
        var stale = AlwaysJudges ? new HashSet<string>() : _outliers.Clear();
        _returns.Clear();
        if (_lapsed)
        {
            _lapsed = false;
            stale = _clusters.Keys.ToHashSet(StringComparer.Ordinal);
        }

        Recompile(stale);
        Publish();
    }

    /// <summary>The stream ended, or could not be opened.</summary>
    public void Closed()
    {
        State.Closed();
        if (_awaySince is null)
        {
            _awaySince = _time.GetUtcNow();
            _judgesFrom = _awaySince.Value + _limits.AwayGrace;
            Publish();
        }
    }

    /// <summary>Time has passed: ejections lapse or end, and hosts that nobody uses are given up.</summary>
    public IReadOnlyList<DiscoveryRequest> Tick()
    {
        _registry.Sweep();
        var now = _time.GetUtcNow();
        if (Judges)
        {
            TickOutliers(now);
        }

        var idle = _hosts.Values.Where(h => !_pinned.Contains(h.Name) && IsIdle(h)).Select(h => h.Name).ToList();
        idle.ForEach(h => _hosts.Remove(h));
        return idle.Count > 0 ? Apply(State.Want(_hosts.Keys)) : [];
    }

    /// <summary>An endpoint has failed once more. It matters only while this proxy judges.</summary>
    public void Failing(EndpointState endpoint)
    {
        if (!Judges || State.Clusters.Find(endpoint.Cluster) is not { } cluster || EndpointsOf(cluster) is not { } known)
        {
            return;
        }

        if (_outliers.Failed(cluster, known, endpoint.Key, endpoint.Run, _returns.ProvenOf(endpoint.Cluster), _time.GetUtcNow()))
        {
            _returns.Withdraw(endpoint.Cluster, endpoint.Key);
            Recompile(new HashSet<string> { endpoint.Cluster });
            Publish();
        }
    }

    private void TickOutliers(DateTimeOffset now)
    {
        var returned = _outliers.Expire(now);
        foreach (var endpoint in _registry.Endpoints.Where(e => returned.Contains((e.Cluster, e.Key))))
        {
            endpoint.ForgetRun();
        }

        var stale = returned.Select(r => r.Cluster).ToHashSet(StringComparer.Ordinal);
        stale.UnionWith(_returns.Look(_clusters.Values.SelectMany(c => c.All).Where(e => e.Trickle && !e.EjectedHere).Select(e => e.State)));
        if (!_lapsed && now - _awaySince >= _limits.EjectionLapse)
        {
            _lapsed = true;
            stale.UnionWith(_clusters.Keys);
        }

        if (stale.Count > 0)
        {
            Recompile(stale);
            Publish();
        }
    }

    private IReadOnlyList<DiscoveryRequest> Apply(AdsStep step)
    {
        if (step.Clusters.Count > 0 || step.Hosts)
        {
            _hostModels = step.Hosts ? null : _hostModels;
            Recompile(step.Clusters);
            Publish();
        }

        return step.Requests;
    }

    private void Recompile(IReadOnlySet<string> stale)
    {
        if (stale.Count == 0)
        {
            return;
        }

        var next = new Dictionary<string, ClusterModel>(_clusters, StringComparer.Ordinal);
        foreach (var name in stale)
        {
            if (State.Clusters.Find(name) is { } cluster && EndpointsOf(cluster) is { } endpoints)
            {
                next[name] = _registry.Compile(cluster, endpoints, new Standing(_lapsed, _outliers.EjectedOf(name), _returns.ProvenOf(name)));
            }
            else if (next.Remove(name))
            {
                _registry.Retire(name);
            }
        }

        _clusters = next;
    }

    /// <summary>The cluster's endpoints, as this proxy believes them to be.</summary>
    private EndpointsConfig? EndpointsOf(ClusterConfig cluster) => State.Endpoints.Find(cluster.EndpointsName) switch
    {
        { } told when _limits.Detection == Detection.Local => told with
        {
            Endpoints = [.. told.Endpoints.Select(e => e.Health == EndpointHealth.Unhealthy ? e with { Health = EndpointHealth.Healthy } : e)],
        },
        var told => told,
    };

    private void Publish() =>
        _store.Publish(new ProxyConfig(_hostModels ??= Hosts(), _clusters, _awaySince is null, _lapsed));

    private Dictionary<string, HostModel> Hosts()
    {
        var hosts = new Dictionary<string, HostModel>(_hosts.Count, StringComparer.Ordinal);
        foreach (var host in _hosts.Values)
        {
            var listener = State.Listeners.Find(host.Name);
            var routes = listener is null ? null : State.RoutesOf(listener);
            var status = routes is not null ? HostStatus.Ready : State.Listeners.Absent.Contains(host.Name) ? HostStatus.Absent : HostStatus.Pending;
            hosts[host.Name] = new HostModel(host.Name, status, listener, routes, host.AskedAt, host.Use);
        }

        return hosts;
    }

    private void Add(string name)
    {
        var now = _time.GetTimestamp();
        _hosts[name] = new Host(name, now, new HostUse(now));
    }

    private bool IsIdle(Host host) => _time.GetElapsedTime(host.Use.Last)
        > (State.Listeners.Absent.Contains(host.Name) ? _limits.AbsentHostIdle : _limits.HostIdle);

    /// <summary>Gives up the host that was not used for the longest time, one that does not exist first; none that was used this second.</summary>
    private bool EvictOne()
    {
        var victim = _hosts.Values
            .Where(h => !_pinned.Contains(h.Name) && _time.GetElapsedTime(h.Use.Last) > TimeSpan.FromSeconds(1))
            .OrderBy(h => State.Listeners.Absent.Contains(h.Name) ? 0 : 1)
            .ThenBy(h => h.Use.Last)
            .FirstOrDefault();
        return victim is not null && _hosts.Remove(victim.Name);
    }

    private sealed record Host(string Name, long AskedAt, HostUse Use);
}
