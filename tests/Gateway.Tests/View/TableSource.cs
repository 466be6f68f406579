using System.Collections.Concurrent;
using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Gateway.View;

namespace Mesh.Gateway.Tests.View;

/// <summary>A mesh in a table, whose reads a test can hold up or make fail.</summary>
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

    public static ServiceSnapshot Snapshot(string service, long number, params string[] endpoints) => new()
    {
        Service = ServiceId.Parse(service),
        Version = new(1, number),
        At = DateTimeOffset.UnixEpoch.AddSeconds(number),
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

    public async Task<CatalogPage> ReadCatalog(int shard)
    {
        await BeforeCatalogRead(shard);
        return new(1, [.. _listed.Keys.Where(id => CatalogShard.Of(id.ToString()) == shard).Order()], ImmutableArray<PolicyKey>.Empty);
    }

    public async Task<ServiceSnapshot?> ReadService(ServiceId service, bool renew)
    {
        Interlocked.Increment(ref Reads);
        var underWay = Interlocked.Increment(ref _readsUnderWay);
        MostReadsUnderWay = Math.Max(MostReadsUnderWay, underWay);
        try
        {
            await BeforeRead(service);
            return _snapshots.GetValueOrDefault(service);
        }
        finally
        {
            Interlocked.Decrement(ref _readsUnderWay);
        }
    }
}
