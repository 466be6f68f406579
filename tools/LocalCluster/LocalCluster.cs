using System.Collections.Immutable;
using Mesh.Local.Network;
using Mesh.Local.Processes;
using Mesh.Local.Silos;
using Mesh.Local.Stores;

namespace Mesh.Local;

/// <summary>What a cluster on this machine is made of.</summary>
public sealed record LocalClusterOptions
{
    /// <summary>Where data and logs go.</summary>
    public required string Folder { get; init; }

    public int Silos { get; init; } = 3;

    /// <summary>Gateways apart from the silos, which then still have one each.</summary>
    public int Gateways { get; init; }

    /// <summary>A connection string; null for a trial server of ours.</summary>
    public string? Postgres { get; init; }

    /// <inheritdoc cref="Postgres"/>
    public string? Redis { get; init; }

    /// <summary>The first silo's REST and gRPC ports; the next ones' follow by ten. Null for free ones.</summary>
    public (int RestPort, int GrpcPort)? Ports { get; init; }

    /// <summary>Each silo in a network namespace of its own, so that lines can be cut. Needs root.</summary>
    public bool Namespaces { get; init; }

    /// <summary>Variables and arguments for each silo.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<string> Arguments { get; init; } = [];
}

/// <summary>
/// Several silos on this machine, with the stores they need, started again when they end. What ends this process ends all of it: nothing stays
/// behind but the data.
/// </summary>
public sealed class LocalCluster : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(45);

    private readonly LocalClusterOptions _options;

    /// <exception cref="LocalClusterException">Something that it needs is missing; the message names the remedy.</exception>
    public LocalCluster(LocalClusterOptions options)
    {
        _options = options;
        Directory.CreateDirectory(options.Folder);
        Network = options.Namespaces ? new TrialNetwork(options.Silos + options.Gateways) : null;
        Stores = StorePair.In(options.Folder, options.Postgres, options.Redis, Network?.Host ?? "127.0.0.1");
        Members =
        [
            .. Enumerable.Range(0, options.Silos).Select(each => new Supervisor(new SiloProcess(Settings(each, $"silo-{each + 1}", SiloRole.All)))),
            .. Enumerable.Range(0, options.Gateways).Select(each => new Supervisor(new SiloProcess(Settings(options.Silos + each, $"gateway-{each + 1}", SiloRole.Gateway)))),
        ];
    }

    public StorePair Stores { get; }

    /// <summary>Null where everyone shares this machine's network.</summary>
    public TrialNetwork? Network { get; }

    public ImmutableArray<Supervisor> Members { get; }

    public IEnumerable<SiloProcess> Silos => Members.Select(member => member.Silo).Where(silo => silo.Settings.Role != SiloRole.Gateway);

    /// <summary>Everyone that proxies and people may turn to.</summary>
    public IEnumerable<SiloProcess> Gateways => Members.Select(member => member.Silo).Where(silo => silo.Settings.Serves);

    /// <summary>The gateways as <c>mesh-proxy --control-plane</c> takes them.</summary>
    public string GatewayList => string.Join(',', Gateways.Select(gateway => gateway.Grpc.ToString().TrimEnd('/')));

    /// <summary>Starts the stores, applies the schema, starts everyone, and waits until all are ready.</summary>
    /// <param name="said">Told of each step.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="LocalClusterException">Something did not start; the message has the end of its log.</exception>
    public async Task Start(Action<string>? said, CancellationToken cancel)
    {
        if (Network is not null)
        {
            await Network.Start();
        }

        if (Stores.Postgres is not null || Stores.Redis is not null)
        {
            said?.Invoke("starting the stores");
        }

        await Stores.Start(cancel);
        said?.Invoke("applying the schema");
        await Stores.ApplySchema();
        said?.Invoke(Members.Length == 1 ? "starting the silo" : $"starting {Members.Length} silos");
        Members.ToList().ForEach(member => member.Start());
        await Ready(StartLimit, cancel);
    }

    /// <summary>Waits until all that run are ready.</summary>
    public Task Ready(TimeSpan limit, CancellationToken cancel) => Task.WhenAll(Members.Where(member => member.Restarting).Select(member => Up(member, limit, cancel)));

    /// <summary>Silos drain one after the other, gateways before them; then the stores stop.</summary>
    public async Task Stop()
    {
        // One at a time the last would hand its grains to nobody, and each one's streams would move to the next.
        await Task.WhenAll(Members.Select(member => member.Stop(StopLimit)));
        await Stores.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Members.Select(member => member.DisposeAsync().AsTask()));
        await Stores.DisposeAsync();
        if (Network is not null)
        {
            await Network.DisposeAsync();
        }
    }

    // Under supervision one that ends at first, because a store was slow, comes again; only one that keeps ending is a failure.
    private static async Task Up(Supervisor member, TimeSpan limit, CancellationToken cancel)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        enough.CancelAfter(limit);
        var before = member.Restarts;
        try
        {
            while (!await member.Silo.IsReady(enough.Token))
            {
                if (member.Restarts - before > 3)
                {
                    throw new LocalClusterException(member.Silo.Complaint("keeps ending"));
                }

                await Task.Delay(50, enough.Token);
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new LocalClusterException(member.Silo.Complaint($"was not ready after {limit.TotalSeconds:0} s"));
        }
    }

    private SiloSettings Settings(int number, string name, SiloRole role)
    {
        var environment = new Dictionary<string, string>(Stores.Environment);
        foreach (var (key, value) in _options.Environment)
        {
            environment[key] = value;
        }

        var settings = new SiloSettings { Name = name, Folder = _options.Folder, Role = role, Environment = environment, Arguments = _options.Arguments };
        if (_options.Ports is var (rest, grpc))
        {
            settings = settings with { RestPort = rest + (10 * number), GrpcPort = grpc + (10 * number) };
        }

        return Network is null ? settings : settings with { Address = Network.AddressOf(number), Namespace = Network.NamespaceOf(number) };
    }
}
