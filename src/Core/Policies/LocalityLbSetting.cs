using System.Collections.Immutable;

namespace Mesh.Core.Policies;

/// <summary>
/// Where a client's requests go by where it runs; Istio's <c>loadBalancer.localityLbSetting</c>. Without any list the nearest locality comes first: the same
/// subzone, the same zone, the same region, anywhere.
/// </summary>
public sealed record LocalityLbSetting
{
    /// <summary>Fixed shares by the client's locality; excludes the other two.</summary>
    public ImmutableArray<LocalityDistribution> Distribute { get; init; } = [];

    /// <summary>Which region takes over from which.</summary>
    public ImmutableArray<LocalityFailover> Failover { get; init; } = [];

    /// <summary>Labels that an endpoint shares with the client, the most important first.</summary>
    public ImmutableArray<string> FailoverPriority { get; init; } = [];

    /// <summary>By content.</summary>
    public bool Equals(LocalityLbSetting? other) =>
        other is not null
        && Distribute.SequenceEqual(other.Distribute)
        && Failover.SequenceEqual(other.Failover)
        && FailoverPriority.SequenceEqual(other.FailoverPriority);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Distribute.Length, Failover.Length, FailoverPriority.Length);
}

/// <summary>The shares of the traffic of one place.</summary>
/// <param name="From">A locality as <c>region/zone/subzone</c>; <c>*</c> at its end stands for any.</param>
/// <param name="To">Percentages by locality, of the same form; together 100.</param>
public sealed record LocalityDistribution(string From, ImmutableSortedDictionary<string, int> To)
{
    /// <summary>By content.</summary>
    public bool Equals(LocalityDistribution? other) =>
        other is not null && From == other.From && To.SequenceEqual(other.To);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(From, To.Count);
}

/// <summary>One region's stand-in.</summary>
/// <param name="From">The region whose endpoints fail.</param>
/// <param name="To">The region that takes over.</param>
public sealed record LocalityFailover(string From, string To);
