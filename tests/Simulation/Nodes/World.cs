using Mesh.Core;
using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Nodes;

/// <summary>A mesh in one object: one service, its endpoints, a silo, gateways, proxies, a network and a disk, all on one queue of events.</summary>
public sealed class World : IDisposable
{
    private readonly Dictionary<string, Backend> _byKey = new(StringComparer.Ordinal);
    private readonly List<Backend> _backends = [];
    private readonly List<Workload> _workloads = [];

    public World(WorldOptions options)
    {
        Options = options;
        Simulator = new Simulator();
        Journal = new Journal(Simulator);
        Dice = new Dice(options.Seed);
        Network = new Network(Simulator, Dice.For("network"));
        Reports = new ReportWeather(Simulator, Dice.For("reports"));
        Storage = new Storage(Simulator, Dice.For("storage"), options.Bug);
        Silo = new Silo(Simulator, Dice.For("silo"), Storage, Service, Journal, options.Bug);
        for (var i = 0; i < options.Endpoints; i++)
        {
            Add();
        }

        Gateways = [.. Enumerable.Range(1, options.PerProxy ? 0 : options.Gateways).Select(i => new Gateway(this, $"gateway-{i}"))];
        Clients = [];
    }

    /// <summary>The host name that the proxies' workloads use.</summary>
    public static string Host { get; } = HostNames.Full(ServiceId.Parse("default/shop"));

    public WorldOptions Options { get; }

    public ServiceId Service { get; } = ServiceId.Parse("default/shop");

    public Simulator Simulator { get; }

    public Journal Journal { get; }

    public Dice Dice { get; }

    public Network Network { get; }

    public ReportWeather Reports { get; }

    public Storage Storage { get; }

    public Silo Silo { get; }

    public IReadOnlyList<Gateway> Gateways { get; }

    public IReadOnlyList<IClient> Clients { get; private set; }

    public IReadOnlyList<MeshProxy> Proxies => [.. Clients.OfType<MeshProxy>()];

    public IReadOnlyList<Backend> Backends => _backends;

    public IReadOnlyList<Workload> Workloads => _workloads;

    public Traffic Traffic { get; } = new();

    /// <summary>Whom a proxy sends nothing to may have changed.</summary>
    public event Action<IClient>? Turning;

    /// <summary>Lets everybody begin. Whoever wants to see it all listens before.</summary>
    public void Begin()
    {
        if (Options.PerProxy)
        {
            Clients = [.. Enumerable.Range(1, Options.Proxies).Select(i => new EnvoyProxy(this, $"proxy-{i}", Options.Policy.OutlierDetection))];
            return;
        }

        Silo.Changed += _ =>
        {
            foreach (var gateway in Gateways)
            {
                Network.Send(Silo.Name, gateway.Name, gateway.Hinted);
            }
        };
        Silo.Answers = spec => BackendAt($"{spec.Address}:{spec.Port}") is { Dead: false } backend && !Dice.Chance(backend.FailureRate);
        Storage.Write(new StorageChange { Policy = Options.Policy });
        Silo.Start();
        _workloads.AddRange(_backends.Select(backend => new Workload(this, backend)));
        Clients = [.. Enumerable.Range(1, Options.Proxies).Select(i => new MeshProxy(this, $"proxy-{i}", Place(i)))];
    }

    /// <summary>A further endpoint, which joins.</summary>
    public Workload Join()
    {
        var workload = new Workload(this, Add());
        _workloads.Add(workload);
        return workload;
    }

    public Backend? BackendAt(string key) => _byKey.GetValueOrDefault(key);

    public void Turned(IClient client) => Turning?.Invoke(client);

    public void Dispose()
    {
        foreach (var proxy in Proxies)
        {
            proxy.Dispose();
        }
    }

    /// <summary>Where the so-manieth endpoint, or proxy, runs.</summary>
    public Locality Place(int number) => Options.Places.Count == 0 ? Locality.Unknown : Options.Places[number % Options.Places.Count];

    private Backend Add()
    {
        var number = _backends.Count + 1;
        var backend = new Backend($"e{number:000}", $"10.0.{number / 250}.{1 + number % 250}", 8080, Place(number));
        _backends.Add(backend);
        _byKey.Add(backend.Key, backend);
        return backend;
    }
}
