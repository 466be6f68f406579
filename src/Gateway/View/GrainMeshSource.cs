using System.Collections.Immutable;
using System.Globalization;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Ledger;
using Mesh.Core.Snapshots;
using Orleans;

namespace Mesh.Gateway.View;

/// <summary>
/// Reads the grains and hears their hints. The runtime holds observers weakly, so this object, which lives as long as the gateway,
/// is the observer itself; a reference is made on the first read, when the silo is known to be up.
/// </summary>
public sealed class GrainMeshSource(IGrainFactory grains, LedgerFeed feed) : IMeshSource, ICatalogObserver, IServiceObserver
{
    private readonly Lock _gate = new();
    private IMeshHints? _hints;
    private ICatalogObserver? _catalogReference;
    private IServiceObserver? _serviceReference;

    /// <inheritdoc/>
    public void Attach(IMeshHints hints) => _hints = hints;

    /// <inheritdoc/>
    public Task<CatalogPage> ReadCatalog(int shard)
    {
        ICatalogObserver me;
        lock (_gate)
        {
            me = _catalogReference ??= grains.CreateObjectReference<ICatalogObserver>(this);
        }

        return grains.GetGrain<ICatalogGrain>(shard.ToString(CultureInfo.InvariantCulture)).Watch(me);
    }

    /// <inheritdoc/>
    public Task<ServiceSnapshot?> ReadService(ServiceId service, bool renew)
    {
        var grain = grains.GetGrain<IServiceGrain>(service.ToString());
        if (!renew)
        {
            return grain.GetSnapshot();
        }

        IServiceObserver me;
        lock (_gate)
        {
            me = _serviceReference ??= grains.CreateObjectReference<IServiceObserver>(this);
        }

        return grain.Watch(me);
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<SiloMember>> ReadMembers() => grains.GetGrain<IClusterGrain>(0).Members();

    /// <inheritdoc/>
    public Task<SiloNews?> ReadNews(string silo, SiloNewsRequest request) => grains.GetGrain<ISiloGrain>(silo).News(request);

    /// <inheritdoc/>
    public Task CatalogChanged(int shard, long version)
    {
        _hints?.CatalogChanged(shard);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task ServiceChanged(ServiceId service, SnapshotVersion version, string? traceParent)
    {
        _hints?.ServiceChanged(service, version, traceParent);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task LedgerEntered(ServiceId service, ImmutableArray<LedgerEntry> entries)
    {
        feed.Entered(service, entries);
        return Task.CompletedTask;
    }
}
