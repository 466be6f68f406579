using System.Collections.Concurrent;
using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Gateway.View;
using Mesh.Grains.Cluster;

namespace Mesh.Gateway.Tests.View;

/// <summary>
/// A mesh in a table, whose reads a test can hold up or make fail. Its silos have boards as real ones do; it gives no hints, unless the test does.
/// </summary>
internal sealed class TableSource : IMeshSource
{
    private readonly ConcurrentDictionary<ServiceId, ServiceSnapshot> _snapshots = [];
    private readonly ConcurrentDictionary<ServiceId, bool> _listed = [];
    private int _readsUnderWay;

    public IMeshHints Hints { get; private set; } = null!;

    public int Reads;

    public int MostReadsUnderWay;

    /// <summary>Runs before each read of a service; a test may wait or throw in it.</summary>
    public Func<ServiceId, Task> BeforeRead { get; set; } = _ => Task.CompletedTask;

    public Func<int, Task> BeforeCatalogRead { get; set; } = _ => Task.CompletedTask;

    /// <summary>Runs before a silo's news are read, with its address.</summary>
    public Func<string, Task> BeforeNews { get; set; } = _ => Task.CompletedTask;

    public Func<Task> BeforeMembers { get; set; } = () => Task.CompletedTask;

    /// <summary>What lives where, by the silo's address.</summary>
    public ConcurrentDictionary<string, SiloBoard> Silos { get; } = new() { ["a"] = new SiloBoard() };

    /// <summary>How often each service was read.</summary>
    public ConcurrentDictionary<ServiceId, int> ReadsOf { get; } = [];

    /// <summary>The epoch of the activation that was last watched.</summary>
    public ConcurrentDictionary<ServiceId, long> Watched { get; } = [];

    /// <summary>How often each shard was read, which watches it.</summary>
    public ConcurrentDictionary<int, int> ReadsOfShard { get; } = [];

    public static ServiceSnapshot Snapshot(string service, long number, params string[] endpoints) => Snapshot(service, new SnapshotVersion(1, number), endpoints);

    public static ServiceSnapshot Snapshot(string service, SnapshotVersion version, params string[] endpoints) => new()
    {
        Service = ServiceId.Parse(service),
        Version = version,
        At = DateTimeOffset.UnixEpoch.AddSeconds(version.Number),
        Policy = TrafficPolicy.Default,
        Endpoints = [.. endpoints.Select(id => new EndpointSnapshot
        {
            Id = id, Address = "10.0.0.1", Port = 80, Weight = 100, Status = HealthStatus.Healthy,
        })],
    };

    public void Attach(IMeshHints hints) => Hints = hints;

    public void Put(ServiceSnapshot snapshot, bool listed = true)
    {
        _snapshots[snapshot.Service] = snapshot;
        if (listed)
        {
            _listed[snapshot.Service] = true;
        }
    }

    public void Remove(ServiceId service)
    {
        _snapshots.TryRemove(service, out _);
        _listed.TryRemove(service, out _);
    }

    public Task<ImmutableArray<SiloMember>> ReadMembers() => Members();

    public async Task<SiloNews?> ReadNews(string silo, SiloNewsRequest request)
    {
        await BeforeNews(silo);
        return Silos.TryGetValue(silo, out var board) ? board.Read(request) : null;
    }

    private async Task<ImmutableArray<SiloMember>> Members()
    {
        await BeforeMembers();
        return [.. Silos.Keys.Select(address => new SiloMember(address, address, SiloState.Active, DateTimeOffset.UnixEpoch))];
    }

    public async Task<CatalogPage> ReadCatalog(int shard)
    {
        ReadsOfShard.AddOrUpdate(shard, 1, (_, count) => count + 1);
        await BeforeCatalogRead(shard);
        return new(1, [.. _listed.Keys.Where(id => CatalogShard.Of(id.ToString()) == shard).Order()], ImmutableArray<PolicyKey>.Empty);
    }

    public async Task<ServiceSnapshot?> ReadService(ServiceId service, bool renew)
    {
        Interlocked.Increment(ref Reads);
        ReadsOf.AddOrUpdate(service, 1, (_, count) => count + 1);
        var underWay = Interlocked.Increment(ref _readsUnderWay);
        MostReadsUnderWay = Math.Max(MostReadsUnderWay, underWay);
        try
        {
            await BeforeRead(service);
            var snapshot = _snapshots.GetValueOrDefault(service);
            if (renew && snapshot is not null)
            {
                Watched[service] = snapshot.Version.Epoch;
            }

            return snapshot;
        }
        finally
        {
            Interlocked.Decrement(ref _readsUnderWay);
        }
    }
}
