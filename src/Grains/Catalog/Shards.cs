using System.Globalization;
using Mesh.Contracts;
using Orleans;

namespace Mesh.Grains.Catalog;

/// <summary>Finds the shard that lists a name.</summary>
internal static class Shards
{
    public static ICatalogGrain CatalogOf(this IGrainFactory grains, string name) =>
        grains.GetGrain<ICatalogGrain>(CatalogShard.Of(name).ToString(CultureInfo.InvariantCulture));
}
