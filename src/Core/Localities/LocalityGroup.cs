using System.Collections.Immutable;

namespace Mesh.Core.Localities;

/// <summary>What an endpoint takes of the traffic.</summary>
public enum EndpointUse
{
    /// <summary>Its share.</summary>
    Full,

    /// <summary>A trickle, until it has proven itself.</summary>
    Returning,

    /// <summary>Nothing: it is ejected.</summary>
    None,
}

/// <summary>What grouping must know of an endpoint.</summary>
/// <param name="Locality">Where it runs.</param>
/// <param name="Weight">At least 1.</param>
/// <param name="Traits">What <see cref="FailoverLabels.Had"/> says of it.</param>
/// <param name="Use">What it takes of the traffic.</param>
public readonly record struct PlacedEndpoint(
    Locality Locality, uint Weight, ImmutableArray<string> Traits, EndpointUse Use = EndpointUse.Full);

/// <summary>Endpoints of one locality that a client uses alike.</summary>
/// <param name="Priority">0 is used first; there are no gaps.</param>
/// <param name="Locality">Where they run; of one priority each locality is there once at most.</param>
/// <param name="Weight">The group's share among those of its priority; at least 1.</param>
/// <param name="Members">Indexes of its endpoints, ascending; at least one.</param>
public sealed record LocalityGroup(int Priority, Locality Locality, uint Weight, ImmutableArray<int> Members)
{
    /// <summary>By content.</summary>
    public bool Equals(LocalityGroup? other) =>
        other is not null && Priority == other.Priority && Locality == other.Locality && Weight == other.Weight && Members.SequenceEqual(other.Members);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Priority, Locality, Weight, Members.Length);
}
