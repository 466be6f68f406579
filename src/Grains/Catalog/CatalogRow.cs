using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mesh.Contracts;
using Mesh.Core.Formats;

namespace Mesh.Grains.Catalog;

/// <summary>What a shard of the catalog keeps on disk.</summary>
public sealed record CatalogRow : IRow<CatalogRow>
{
    /// <inheritdoc/>
    public static int Newest => 2;

    /// <inheritdoc/>
    public int Format { get; init; } = 1;

    /// <summary>Fields of a newer program: carried along, and written back.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; init; }

    /// <inheritdoc/>
    public CatalogRow InNewest() => Format == Newest ? this : this with { Format = Newest };

    /// <summary>Grows with each change.</summary>
    public long Version { get; init; }

    /// <summary>Ids of services, as <c>namespace/name</c>.</summary>
    public ImmutableHashSet<string> Services { get; init; } = [];

    /// <summary>Keys of policies, as <see cref="PolicyKey"/> writes them.</summary>
    public ImmutableHashSet<string> Policies { get; init; } = [];

    internal CatalogRow With(ImmutableHashSet<string>? services = null, ImmutableHashSet<string>? policies = null)
    {
        // An immutable set that would not change returns itself: then there is nothing to write.
        var changed = (services is not null && services != Services) || (policies is not null && policies != Policies);
        return changed ? this with { Version = Version + 1, Services = services ?? Services, Policies = policies ?? Policies } : this;
    }
}
