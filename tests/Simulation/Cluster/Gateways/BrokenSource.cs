using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Snapshots;
using Mesh.Gateway.View;
using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Cluster.Gateways;

/// <summary>What two planted bugs make of how a gateway reads.</summary>
internal sealed class BrokenSource(IMeshSource source, ClusterGateway gateway, ClusterBug bug, Dice dice) : IMeshSource
{
    private readonly Dictionary<ServiceId, ServiceSnapshot> _read = [];

    public void Attach(IMeshHints hints) => source.Attach(hints);

    public Task<CatalogPage> ReadCatalog(int shard) => source.ReadCatalog(shard);

    public Task<ImmutableArray<SiloMember>> ReadMembers() => source.ReadMembers();

    public Task<SiloNews?> ReadNews(string silo, SiloNewsRequest request) => source.ReadNews(silo, request);

    public async Task<ServiceSnapshot?> ReadService(ServiceId service, bool renew)
    {
        if (bug == ClusterBug.NeverLooksAgain && _read.TryGetValue(service, out var known))
        {
            return known;
        }

        var snapshot = await source.ReadService(service, renew);
        if (snapshot is not null)
        {
            _read[service] = snapshot;
        }

        if (bug == ClusterBug.TakesAnyVersion && snapshot is not null)
        {
            gateway.Host.After(dice.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(50)), () =>
            {
                if (gateway.Shown.GetValueOrDefault(service)?.Version != snapshot.Version)
                {
                    gateway.Show(service, snapshot);
                }
            });
        }

        return snapshot;
    }
}
