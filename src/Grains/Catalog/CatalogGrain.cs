using System.Globalization;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Grains.Cluster;
using Mesh.Grains.Persistence;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Utilities;

namespace Mesh.Grains.Catalog;

/// <summary>
/// A shard of the list of what exists. The list is split by a hash of the name, so that no grain serves the whole mesh; it calls
/// nobody, and those who add to it wait for the disk together.
/// </summary>
[Reentrant]
public sealed class CatalogGrain : Grain, ICatalogGrain
{
    private readonly Durable<CatalogRow> _row;
    private readonly ObserverManager<ICatalogObserver> _watchers;
    private readonly SiloBoard _silo;
    private CatalogPage? _page;
    private long _seat;
    private long _told;

    /// <summary>Made by the runtime.</summary>
    public CatalogGrain(
        [PersistentState("catalog", MeshLimits.StorageName)] IPersistentState<CatalogRow> storage,
        TimeProvider time,
        SiloBoard silo,
        ILogger<CatalogGrain> log)
    {
        _silo = silo;
        _row = new Durable<CatalogRow>(storage, DeactivateOnIdle)
        {
            // Whoever wrote it: to add or strike out a name is right on top of any list, and nothing is decided before it is applied.
            IsOurs = (_, _) => true,
        };
        _watchers = new(MeshLimits.ObserverLease, log) { GetDateTime = () => time.GetUtcNow().UtcDateTime };
    }

    private int Number => int.Parse(this.GetPrimaryKeyString(), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _told = _row.Value.Version;
        _seat = _silo.Publish(Number, _seat, _told);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _silo.Leave(Number, _seat);
        _seat = SiloBoard.Left;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task AddService(ServiceId service) => Change(row => row.With(services: row.Services.Add(service.ToString())));

    /// <inheritdoc/>
    public Task RemoveService(ServiceId service) => Change(row => row.With(services: row.Services.Remove(service.ToString())));

    /// <inheritdoc/>
    public Task AddPolicy(PolicyKey policy) => Change(row => row.With(policies: row.Policies.Add(policy.ToString())));

    /// <inheritdoc/>
    public Task RemovePolicy(PolicyKey policy) => Change(row => row.With(policies: row.Policies.Remove(policy.ToString())));

    /// <inheritdoc/>
    public Task<CatalogPage> List() => Task.FromResult(Page());

    /// <inheritdoc/>
    public Task<CatalogPage> Watch(ICatalogObserver observer)
    {
        _watchers.Subscribe(observer, observer);
        return List();
    }

    private async Task Change(Func<CatalogRow, CatalogRow> change)
    {
        var before = await _row.Change(row => (change(row), row.Version));
        // Of all who share a write, the first to come back tells the watchers.
        var version = _row.Value.Version;
        if (version > before && version > _told)
        {
            _told = version;
            _seat = _silo.Publish(Number, _seat, version);
            var shard = Number;
            await _watchers.Notify(watcher => watcher.CatalogChanged(shard, version));
        }
    }

    private CatalogPage Page()
    {
        var row = _row.Value;
        if (_page is null || _page.Version != row.Version)
        {
            _page = new CatalogPage(row.Version, [.. row.Services.Select(ServiceId.Parse).Order()],
                [.. row.Policies.Order(StringComparer.Ordinal).Select(PolicyKey.Parse)]);
        }

        return _page;
    }
}
