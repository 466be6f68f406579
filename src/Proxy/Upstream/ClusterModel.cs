using System.Collections.Immutable;
using Mesh.Core.Policies;
using Mesh.Proxy.LoadBalancing;
using Mesh.Proxy.Model;

namespace Mesh.Proxy.Upstream;

/// <summary>One endpoint of a compiled cluster.</summary>
/// <param name="Config">What the mesh says of it.</param>
/// <param name="State">What happens to it.</param>
/// <param name="EjectedHere">Whether this proxy took it out by itself.</param>
/// <param name="Trickle">Whether its ejection lapsed and it gets few requests until it has proven itself.</param>
public sealed record EndpointModel(EndpointConfig Config, EndpointState State, bool EjectedHere, bool Trickle = false)
{
    /// <summary>The share of its weight that an endpoint gets while it proves itself, in percent; the mesh's own share while probing.</summary>
    public const int TricklePercent = 10;

    /// <summary>The weight to pick it by.</summary>
    public int Weight => Trickle ? Math.Max(1, Config.Weight * TricklePercent / 100) : Config.Weight;
}

/// <summary>What else than the resources decides who is used.</summary>
/// <param name="EjectionsLapsed">The control plane was away for so long that its ejections no longer count.</param>
/// <param name="EjectedHere">Keys of endpoints that this proxy took out by itself.</param>
/// <param name="Proven">Keys of endpoints that have proven themselves since their ejection lapsed.</param>
public sealed record Standing(bool EjectionsLapsed, ImmutableHashSet<string> EjectedHere, ImmutableHashSet<string> Proven)
{
    /// <summary>The control plane is there and its word counts.</summary>
    public static Standing Connected { get; } = new(false, [], []);

    /// <summary>What is to be thought of an endpoint.</summary>
    internal EndpointModel Of(EndpointConfig config, EndpointState state) => new(
        config, state, EjectedHere.Contains(config.Key), EjectionsLapsed && config.Health == EndpointHealth.Unhealthy && !Proven.Contains(config.Key));

    /// <summary>Whether it is to be used like any other.</summary>
    internal bool IsHealthy(EndpointModel endpoint) => !endpoint.EjectedHere && endpoint.Config.Health switch
    {
        EndpointHealth.Healthy => true,
        EndpointHealth.Unhealthy => Proven.Contains(endpoint.Config.Key),
        _ => false,
    };
}

/// <summary>A cluster compiled for picking: immutable, and replaced as a whole when anything about it changes.</summary>
public sealed class ClusterModel
{
    private ClusterModel(ClusterConfig config, ClusterState state, ImmutableArray<EndpointModel> all, Spread spread)
    {
        Config = config;
        State = state;
        All = all;
        Usable = [.. spread.Pools.SelectMany(static pool => pool.Members)];
        Shares = spread.Shares;
        Reserve = spread.Reserve;
        Balancer = Balance(config, state, spread.Pools);
    }

    /// <summary>What CDS says.</summary>
    public ClusterConfig Config { get; }

    /// <summary>What survives this version.</summary>
    public ClusterState State { get; }

    /// <summary>All endpoints.</summary>
    public ImmutableArray<EndpointModel> All { get; }

    /// <summary>Those that requests go to.</summary>
    public ImmutableArray<EndpointModel> Usable { get; }

    /// <summary>Healthy endpoints of priorities that get nothing now, the nearest first: where a request goes on that was tried with all others.</summary>
    public ImmutableArray<EndpointModel> Reserve { get; }

    /// <summary>What each priority gets; empty when there is none, or while all that there is has to prove itself.</summary>
    public ImmutableArray<SpreadShare> Shares { get; }

    /// <summary>So few are healthy that health is disbelieved, at least in a priority that is used.</summary>
    public bool Panic => Shares.Any(static share => share is { Panic: true, Percent: > 0 });

    /// <summary>Picks an index of <see cref="Usable"/>.</summary>
    public LoadBalancer Balancer { get; }

    /// <summary>Compiles a cluster.</summary>
    /// <param name="config">From CDS.</param>
    /// <param name="endpoints">From EDS.</param>
    /// <param name="standing">Whose verdicts count.</param>
    /// <param name="state">The cluster's state.</param>
    /// <param name="stateOf">Finds or makes the state of an endpoint.</param>
    public static ClusterModel Compile(
        ClusterConfig config, EndpointsConfig endpoints, Standing standing, ClusterState state, Func<EndpointConfig, EndpointState> stateOf)
    {
        var all = endpoints.Endpoints
            .Select(e => standing.Of(e, stateOf(e)))
            .ToImmutableArray();
        return new ClusterModel(config, state, all, Spread.Of(config, endpoints, all, standing));
    }

    private static LoadBalancer Balance(ClusterConfig config, ClusterState state, ImmutableArray<SpreadPool> spread)
    {
        if (spread.IsEmpty)
        {
            return EmptyBalancer.Instance;
        }

        if (spread is [var only])
        {
            return Balance(config, state.Turn, only.Members);
        }

        var pools = ImmutableArray.CreateBuilder<Pool>(spread.Length);
        var first = 0;
        foreach (var (weight, members) in spread)
        {
            // Each has turns of its own: of a common counter a pool would get turns at random.
            pools.Add(new(weight, first, Balance(config, new Turn(state.Turn.Take()), members)));
            first += members.Length;
        }

        return new PooledBalancer(pools.MoveToImmutable(), byHash: config.Balancing == LoadBalancerAlgorithm.RingHash);
    }

    private static LoadBalancer Balance(ClusterConfig config, Turn turn, ImmutableArray<EndpointModel> usable)
    {
        var candidates = usable.Select(e => new Candidate(e.Config.Key, e.Weight)).ToImmutableArray();
        return config.Balancing switch
        {
            LoadBalancerAlgorithm.LeastRequest => new LeastRequestBalancer(candidates, i => usable[i].State.InFlight),
            LoadBalancerAlgorithm.Random => new RandomBalancer(candidates),
            LoadBalancerAlgorithm.RingHash => new RingHashBalancer(candidates, config.MinimumRingSize, config.MaximumRingSize),
            _ => new RoundRobinBalancer(candidates, turn),
        };
    }
}
