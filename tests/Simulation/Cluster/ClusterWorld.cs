using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Gateway.View;
using Mesh.Simulation.Cluster.Clients;
using Mesh.Simulation.Cluster.Gateways;
using Mesh.Simulation.Cluster.Hosts;
using Mesh.Simulation.Cluster.Membership;
using Mesh.Simulation.Cluster.Stores;
using Mesh.Simulation.Engine;
using Mesh.Simulation.Nodes;
using Mesh.Simulation.Rules;
using Orleans.Runtime;

namespace Mesh.Simulation.Cluster;

/// <summary>A cluster in one object: silos with the real grains, gateways with the real view, owners of endpoints, two stores and what lies between them, on one queue of events.</summary>
public sealed class ClusterWorld : IDisposable
{
    private readonly Dictionary<string, MeshEndpoint> _byAddress = new(StringComparer.Ordinal);

    public ClusterWorld(ClusterOptions options)
    {
        Options = options;
        Journal = new Journal(Simulator, 120);
        Dice = new Dice(options.Seed);
        Wire = new Wire(Simulator, Dice.For("wire"));
        Table = new MembershipTable(Simulator, Wire);
        Table.Died += () => Ends.Add(Simulator.Now);
        Store = new StateStore(Simulator, Wire, Dice.For("store"), options.Bug);
        Silos = [.. Enumerable.Range(1, options.Silos).Select(i => new SiloNode(this, $"silo-{i}"))];
        Apart = [.. Enumerable.Range(1, options.GatewaysApart).Select(i => new GatewayNode(this, $"gateway-{i}"))];
        for (var service = 1; service <= options.Services; service++)
        {
            for (var i = 1; i <= options.Endpoints; i++)
            {
                var endpoint = new MeshEndpoint(ServiceId.Parse($"default/s{service}"), new Backend($"e{i}", $"10.{service}.0.{i}", 8080, Locality.Unknown));
                _byAddress.Add(endpoint.Backend.Key, endpoint);
            }
        }

        Owners = [.. _byAddress.Values.Select(endpoint => new Owner(this, endpoint))];
    }

    public ClusterOptions Options { get; }

    public ClusterBug Bug => Options.Bug;

    public Simulator Simulator { get; } = new();

    public Journal Journal { get; }

    public Dice Dice { get; }

    public Wire Wire { get; }

    public MembershipTable Table { get; }

    public StateStore Store { get; }

    public IReadOnlyList<SiloNode> Silos { get; }

    public IReadOnlyList<GatewayNode> Apart { get; }

    public IReadOnlyList<Owner> Owners { get; }

    /// <summary>Those that live, inside of silos and apart.</summary>
    public List<ClusterGateway> Gateways { get; } = [];

    public CommandLog Commands { get; } = new();

    public IEnumerable<MeshEndpoint> Endpoints => _byAddress.Values;

    /// <summary>Owners and operators go on commanding.</summary>
    public bool Commanding { get; set; } = true;

    /// <summary>Requests go on.</summary>
    public bool Calling { get; set; } = true;

    /// <summary>Activations made while the same grain was still alive in another process.</summary>
    public long Duplicates { get; private set; }

    public long Activations { get; private set; }

    /// <summary>When silos went, or were declared dead.</summary>
    public List<DateTimeOffset> Ends { get; } = [];

    /// <summary>The first rule that was broken; null while all hold.</summary>
    public RuleBrokenException? Broken { get; private set; }

    /// <summary>A gateway shows something else of a service: before and now.</summary>
    public event Action<ClusterGateway, ServiceId, ServiceSnapshot?, ServiceSnapshot?>? Shown;

    /// <summary>Lets everybody begin.</summary>
    public void Begin()
    {
        foreach (var silo in Silos)
        {
            silo.Boot();
        }

        foreach (var gateway in Apart)
        {
            gateway.Boot();
        }

        foreach (var owner in Owners)
        {
            owner.Begin();
        }

        foreach (var service in Endpoints.Select(endpoint => endpoint.Service).Distinct().ToList())
        {
            new PolicyAuthor(this, service).Begin();
        }
    }

    /// <summary>How a service's endpoints are checked; null when they are not.</summary>
    public HealthCheck? ChecksOf(ServiceId service) => Store.Find<Grains.Services.ServiceRow>("service", service.ToString())?.Policy?.Policy.HealthCheck;

    public MeshEndpoint? BackendAt(string key) => _byAddress.GetValueOrDefault(key);

    /// <summary>Notes a broken rule; what throws could be caught on its way by what is being tested.</summary>
    public void Break(string rule, string what) => Broken ??= new RuleBrokenException(rule, what);

    /// <summary>The life of a silo with this address; null when it is over.</summary>
    public SiloNode? SiloAt(string address) => Silos.FirstOrDefault(silo => silo.Address == address && silo.State != HostState.Down);

    /// <summary>A silo that somebody outside would find; null when there is none.</summary>
    public string? AnySilo(Host from)
    {
        var there = Silos.Where(silo => silo is { Ready: true, Draining: false, State: HostState.Running } && Wire.Reaches(from.Name, silo.Name)).ToList();
        return there.Count == 0 ? null : Dice.OneOf(there).Address;
    }

    /// <summary>Sends something to one life of a silo. It takes nothing from those that it knows to be dead.</summary>
    internal void Post(Host from, string silo, Action<SiloNode> deliver)
    {
        if (SiloAt(silo) is { } to)
        {
            Wire.Send(from, to, () =>
            {
                if (!to.Agent.View.IsDead(from.Address))
                {
                    deliver(to);
                }
            });
        }
    }

    /// <summary>Asks one life of a silo, and waits for the answer.</summary>
    /// <exception cref="TimeoutException">None came.</exception>
    internal Task<T> Ask<T>(Host from, string silo, Func<SiloNode, Task<T>> ask, TimeSpan patience)
    {
        if (SiloAt(silo) is not { } to)
        {
            var nothing = new TaskCompletionSource<T>();
            from.After(patience, () => nothing.TrySetException(new TimeoutException($"{silo} does not answer.")));
            return nothing.Task;
        }

        return Wire.Ask(from, to, to.Life, () => to.Agent.View.IsDead(from.Address) ? new TaskCompletionSource<T>().Task : ask(to), patience);
    }

    /// <summary>A silo makes an activation.</summary>
    internal void Activating(SiloNode silo, GrainId grain)
    {
        Activations++;
        Duplicates += Silos.Count(other => other != silo && other.State != HostState.Down && other.Has(grain));
    }

    internal void Show(ClusterGateway gateway, ServiceId service, ServiceSnapshot? before, ServiceSnapshot? after) => Shown?.Invoke(gateway, service, before, after);

    internal IMeshSource SourceOf(ClusterGateway gateway, IMeshSource source) =>
        Bug is ClusterBug.TakesAnyVersion or ClusterBug.NeverLooksAgain ? new BrokenSource(source, gateway, Bug, Dice.For("bug")) : source;

    public void Dispose()
    {
        foreach (var gateway in Gateways.ToList())
        {
            gateway.Dispose();
        }
    }
}
