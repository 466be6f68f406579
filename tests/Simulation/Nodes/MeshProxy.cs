using Envoy.Config.Core.V3;
using Envoy.Service.Discovery.V3;
using Mesh.Proxy.Discovery;
using Mesh.Proxy.Model;
using Mesh.Proxy.Upstream;
using Mesh.Simulation.Engine;
using Mesh.Xds.Translation;

namespace Mesh.Simulation.Nodes;

/// <summary>
/// One of our own proxies: the real <see cref="ConfigKeeper"/> with its ADS machine, cluster models, balancers, tallies and fallback, between modelled
/// requests and modelled streams.
/// </summary>
public sealed class MeshProxy : IClient, IDisposable
{
    private static readonly Backoff Patience = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));

    private readonly World _world;
    private readonly Dice _dice;
    private readonly NodeClock _clock;
    private readonly Core.Locality _place;
    private ConfigStore _store = null!;
    private UpstreamRegistry _registry = null!;
    private ConfigKeeper _keeper = null!;
    private ProxyReports _reports = null!;
    private int _failures;
    private int _received;
    private bool _answered;
    private long _life;

    public MeshProxy(World world, string name, Core.Locality place)
    {
        (_world, Name, _place) = (world, name, place);
        _dice = world.Dice.For(name);
        _clock = new NodeClock(world.Simulator);
        Start();
        _world.Simulator.After(_dice.Exponential(world.Options.MeanGap), Request);
    }

    public string Name { get; }

    public NodeClock Clock => _clock;

    /// <summary>Reads what it is sent only slowly.</summary>
    public bool Stalled { get; set; }

    /// <summary>What it says instead of the truth; null while it is honest.</summary>
    public ILie? Lie { get => _reports.Lie; set => _reports.Lie = value; }

    /// <summary>Its present streams; null while it has none.</summary>
    public Session? Session { get; private set; }

    /// <summary>What it knows of the service's endpoints, as decoded by itself; null while it knows nothing.</summary>
    public EndpointsConfig? Endpoints => _keeper.State.Endpoints.Find(_world.Service.ToString());

    /// <summary>The version of EDS that it accepted last.</summary>
    public string EndpointsVersion => _keeper.State.Endpoints.Version;

    public bool Lapsed => _store.Current.EjectionsLapsed;

    /// <summary>What it sends requests to.</summary>
    public ClusterModel? Cluster => _store.Current.Clusters.GetValueOrDefault(_world.Service.ToString());

    public IEnumerable<string> TurnedAway => Cluster is { } cluster
        ? cluster.All.Where(e => !cluster.Usable.Contains(e)).Select(e => e.Config.Key)
        : [];

    /// <summary>It took an answer in: the answer, and whether all of it was understood.</summary>
    public event Action<MeshProxy, Session, DiscoveryResponse, string?>? Took;

    /// <summary>It is started anew, and knows nothing.</summary>
    public void Restart()
    {
        var lie = Lie;
        Session?.Break();
        _registry.Dispose();
        Start();
        Lie = lie;
    }

    public void Dispose() => _registry.Dispose();

    public void Received(Session session, DiscoveryResponse response)
    {
        if (session != Session)
        {
            return;
        }

        _answered = true;
        if (_world.Options.Bug == PlantedBug.DropsUpdates && ++_received % 10 == 7)
        {
            response.Resources.Clear();
        }

        var requests = _keeper.Received(response);
        var refusal = _keeper.State.All.First(set => set.TypeUrl == response.TypeUrl).Refusal;
        Took?.Invoke(this, session, response, refusal);
        session.Ask(requests);
    }

    public void Ended(Session session)
    {
        if (session != Session)
        {
            return;
        }

        Session = null;
        _keeper.Closed();
        Reconnect();
    }

    private void Start()
    {
        var life = ++_life;
        _store = new ConfigStore();
        _registry = new UpstreamRegistry();
        var node = new Node
        {
            Id = Name,
            UserAgentName = ClientKinds.MeshProxyUserAgent,
            Locality = new() { Region = _place.Region, Zone = _place.Zone, SubZone = _place.SubZone },
        };
        _keeper = new ConfigKeeper(node, [World.Host], _world.Options.Keeper, _store, _registry, _clock);
        _reports = new ProxyReports(_world, this, _registry, _dice, _clock);
        (Session, _failures, _answered) = (null, 0, false);
        Connect();
        _world.Simulator.Every(_dice.Between(TimeSpan.Zero, TimeSpan.FromSeconds(1)), TimeSpan.FromSeconds(1), () =>
        {
            if (life == _life)
            {
                Session?.Ask(_keeper.Tick());
                if (Session is null)
                {
                    _keeper.Tick();
                }
            }

            return life == _life;
        });
    }

    private void Reconnect()
    {
        _failures = _answered ? 0 : _failures + 1;
        _answered = false;
        var life = _life;
        _world.Simulator.After(Patience.Wait(_failures, _dice.NextDouble()), () =>
        {
            if (life == _life)
            {
                Connect();
            }
        });
    }

    private void Connect()
    {
        var gateway = _dice.OneOf(_world.Gateways);
        if (!_world.Network.Reaches(Name, gateway.Name) || gateway.Accept(this) is not { } session)
        {
            Reconnect();
            return;
        }

        Session = session;
        session.Ask(_keeper.Opened());
        _reports.Opened(session);
    }

    private void Request()
    {
        _world.Simulator.After(_dice.Exponential(_world.Options.MeanGap), Request);
        if (Cluster is not { Usable.Length: > 0 } cluster)
        {
            _world.Traffic.Unserved++;
            return;
        }

        var endpoint = cluster.Usable[cluster.Balancer.Pick(_dice, 0, 0)].State;
        var backend = _world.BackendAt(endpoint.Key);
        var result = backend?.Serve(_dice) ?? TryResult.LocalOrigin;
        endpoint.Begin(_clock.GetTimestamp());
        var mean = _world.Options.ServiceTime;
        if (mean == TimeSpan.Zero)
        {
            Answered(endpoint, result, TimeSpan.Zero);
        }
        else
        {
            var took = _dice.Exponential(mean * (backend?.Slowness ?? 1));
            _world.Simulator.After(took, () => Answered(endpoint, result, took));
        }
    }

    private void Answered(EndpointState endpoint, TryResult result, TimeSpan took)
    {
        var now = _clock.GetTimestamp();
        endpoint.End(now, result switch
        {
            TryResult.Success => new TryOutcome(result, now, AnswerClass.Ok, took),
            TryResult.LocalOrigin => new TryOutcome(result, now),
            _ => new TryOutcome(result, now, AnswerClass.ServerError, took),
        });
        _world.Traffic.Ended(Name, endpoint.Key, result);
        if (result != TryResult.Success)
        {
            _reports.Failed(endpoint);
            _keeper.Failing(endpoint);
        }
    }
}
