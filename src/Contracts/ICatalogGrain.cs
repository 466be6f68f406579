using System.Collections.Immutable;
using Mesh.Core;
using Orleans;
using Orleans.Concurrency;

namespace Mesh.Contracts;

/// <summary>
/// One shard of the list of what exists; its key is the shard's number, 0 to <see cref="MeshLimits.CatalogShards"/> - 1, and a name's
/// shard is <see cref="CatalogShard.Of"/>. It calls no other grain.
/// </summary>
[Alias("mesh.ICatalogGrain")]
public interface ICatalogGrain : IGrainWithStringKey
{
    /// <summary>Enters a service; on disk when it returns. A repeat changes nothing.</summary>
    [Alias("AddService")]
    Task AddService(ServiceId service);

    /// <summary>Strikes a service out.</summary>
    [Alias("RemoveService")]
    Task RemoveService(ServiceId service);

    /// <summary>Enters a policy document.</summary>
    [Alias("AddPolicy")]
    Task AddPolicy(PolicyKey policy);

    /// <summary>Strikes a policy document out.</summary>
    [Alias("RemovePolicy")]
    Task RemovePolicy(PolicyKey policy);

    /// <summary>All of this shard.</summary>
    [Alias("List")]
    Task<CatalogPage> List();

    /// <summary>Asks for hints about changes, and answers with what is there. Expires unless repeated within <see cref="MeshLimits.ObserverLease"/>.</summary>
    [Alias("Watch")]
    Task<CatalogPage> Watch(ICatalogObserver observer);
}

/// <summary>What a catalog shard tells those who watch it.</summary>
[Alias("mesh.ICatalogObserver")]
public interface ICatalogObserver : IGrainObserver
{
    /// <summary>The shard has a newer version; pull it.</summary>
    [OneWay]
    [Alias("CatalogChanged")]
    Task CatalogChanged(int shard, long version);
}

/// <summary>What one shard lists.</summary>
/// <param name="Version">Grows with each change.</param>
/// <param name="Services">Sorted.</param>
/// <param name="Policies">Sorted by their text.</param>
public sealed record CatalogPage(long Version, ImmutableArray<ServiceId> Services, ImmutableArray<PolicyKey> Policies);

/// <summary>Which shard lists a name.</summary>
public static class CatalogShard
{
    /// <summary>FNV-1a over the text's UTF-16 code units, so that it is the same in every process and for ever.</summary>
    public static int Of(string name)
    {
        var hash = 2166136261u;
        foreach (var c in name)
        {
            hash = (hash ^ c) * 16777619u;
        }

        return (int)(hash % MeshLimits.CatalogShards);
    }
}
