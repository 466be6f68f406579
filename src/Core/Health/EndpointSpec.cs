using System.Collections.Immutable;

namespace Mesh.Core.Health;

/// <summary>What a caller said of an endpoint when it registered it.</summary>
public sealed record EndpointSpec
{
    /// <summary>Unique within the service.</summary>
    public required string Id { get; init; }

    /// <summary>An IP address as text.</summary>
    public required string Address { get; init; }

    /// <summary>1 to 65535.</summary>
    public required int Port { get; init; }

    /// <summary>1 to 1000.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Where it runs.</summary>
    public Locality Locality { get; init; } = Locality.Unknown;

    /// <summary>What it is labelled with.</summary>
    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The caller's id for this life of the endpoint; null when it gave none.</summary>
    public string? InstanceId { get; init; }

    /// <summary>How long the registration holds without a renewal; null for ever.</summary>
    public TimeSpan? Lease { get; init; }

    /// <summary>Whether this is the same process as another: the same instance in the same place. Without instance ids the place decides.</summary>
    public bool IsSameLife(EndpointSpec other) =>
        string.Equals(InstanceId, other.InstanceId, StringComparison.Ordinal)
        && string.Equals(Address, other.Address, StringComparison.Ordinal)
        && Port == other.Port;

    /// <summary>By content, labels included.</summary>
    public bool Equals(EndpointSpec? other) =>
        other is not null
        && IsSameLife(other)
        && (Id, Weight, Locality, Lease) == (other.Id, other.Weight, other.Locality, other.Lease)
        && LabelEquality.Same(Labels, other.Labels);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Id, Address, Port, InstanceId, Weight, Lease, Labels.Count);
}
