using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Mesh.Core.Localities;

/// <summary>Where a client runs, and what it is labelled, as far as that decides which endpoints it is to use.</summary>
/// <param name="Locality">Where it says that it runs.</param>
/// <param name="Labels">Its own labels; only those that a <c>failoverPriority</c> names matter.</param>
public sealed record ClientPlace(Locality Locality, ImmutableSortedDictionary<string, string> Labels)
{
    /// <summary>A client that says nothing of itself.</summary>
    public static ClientPlace Unknown { get; } = new(Locality.Unknown, ImmutableSortedDictionary<string, string>.Empty);

    /// <summary>A client without labels.</summary>
    public static ClientPlace At(string region, string zone = "", string subZone = "") =>
        Unknown with { Locality = new(region, zone, subZone) };

    /// <summary>By content.</summary>
    public bool Equals([NotNullWhen(true)] ClientPlace? other) =>
        other is not null && Locality == other.Locality && LabelEquality.Same(Labels, other.Labels);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Locality, Labels.Count);
}
