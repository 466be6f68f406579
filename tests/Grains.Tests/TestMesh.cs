using System.Collections.Immutable;
using System.Globalization;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Snapshots;
using Mesh.Grains.Checks;
using Mesh.Testing;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
#if CLUSTER
using Mesh.Grains.Cluster;
using Mesh.Silo.Cluster;
using Orleans.Hosting;
#endif

namespace Mesh.Grains.Tests;

/// <summary>A silo with the mesh's grains, its clock and its storage; and the few words that the tests are written in.</summary>
internal sealed class TestMesh : IAsyncDisposable
{
    public static readonly ServiceId Cart = new("shop", "cart");

    private readonly GrainHost _host;

    private TestMesh(GrainHost host, FaultyStorage storage) => (_host, Storage) = (host, storage);

    public FaultyStorage Storage { get; }

    public ManualTimeProvider Time => _host.Time;

    public IServiceProvider Services => _host.Services;

    public IGrainFactory Grains => _host.Grains;

    /// <summary>Starts over a storage and a clock that may have served another mesh before: that is a restart.</summary>
    public static async Task<TestMesh> Start(FaultyStorage? storage = null, ManualTimeProvider? time = null, GrainSettings? settings = null, IHealthChecker? checker = null)
    {
        storage ??= new FaultyStorage(new InMemoryStorage());
        var host = await GrainHost.StartAsync(storage, MeshLimits.StorageName, silo =>
        {
            silo.Services.AddSingleton(settings ?? new GrainSettings());
            if (checker is not null)
            {
                silo.Services.AddSingleton(checker);
            }

            silo.Services.AddMeshGrains();
#if CLUSTER
            silo.Services.AddSingleton<IClusterMembers, ClusterMembers>();
            silo.AddPlacementDirector<SiloPlacement, SiloPlacementDirector>();
#endif
        }, time);
        return new(host, storage);
    }

    public async Task<TestMesh> Restart()
    {
        await DisposeAsync();
        return await Start(Storage, Time);
    }

    public IServiceGrain Service(ServiceId? id = null) => Grains.GetGrain<IServiceGrain>((id ?? Cart).ToString());

    public IEndpointGrain Endpoint(string id) => Grains.GetGrain<IEndpointGrain>(new EndpointKey(Cart, id).ToString());

    public IEndpointMemberGrain Member(string id) => Grains.GetGrain<IEndpointMemberGrain>(new EndpointKey(Cart, id).ToString());

    public ICatalogGrain Catalog(string name) =>
        Grains.GetGrain<ICatalogGrain>(CatalogShard.Of(name).ToString(CultureInfo.InvariantCulture));

    public async Task<bool> IsListed(ServiceId id) => (await Catalog(id.ToString()).List()).Services.Contains(id);

    public static EndpointRegistration Registration(string id, string? instanceId = null, TimeSpan? lease = null) =>
        new() { Id = id, Address = "10.0.0.1", Port = 8080, InstanceId = instanceId, Lease = lease };

    public async Task<EndpointView> Register(string id, string? instanceId = null, TimeSpan? lease = null)
    {
        var outcome = await Service().Register(Registration(id, instanceId, lease));
        Xunit.Assert.Empty(outcome.Problems);
        return outcome.Value!;
    }

    public Task RegisterMany(int count) => Task.WhenAll(Enumerable.Range(0, count).Select(i => Register($"e{i}")));

    public Task<ReportAnswer> Fails(string id, int times = 5) => Seen(new EndpointObservation { EndpointId = id, Failed = times });

    public Task<ReportAnswer> Serves(string id, int times = 3) => Seen(new EndpointObservation { EndpointId = id, Succeeded = times });

    public Task<ReportAnswer> Seen(params EndpointObservation[] observations) =>
        Service().Report(new ServiceReport { Service = Cart, Reporter = "test", Observations = [.. observations] });

    public async Task<ServiceSnapshot> Snapshot() => (await Service().GetSnapshot())!;

    public async Task<EndpointSnapshot?> Find(string id) =>
        (await Service().GetSnapshot())?.Endpoints.FirstOrDefault(endpoint => endpoint.Id == id);

    public async Task<HealthStatus?> Status(string id) => (await Find(id))?.Status;

    public Task Becomes(string id, HealthStatus? status) => Eventually.True(async () => await Status(id) == status, $"{id} is {status}");

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
