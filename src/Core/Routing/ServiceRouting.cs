using System.Collections.Immutable;
using System.Globalization;

namespace Mesh.Core.Routing;

/// <summary>Where requests for a service's host names go: what a VirtualService's one rule means.</summary>
/// <remarks>
/// It is beside the traffic policy and no part of it, as in Istio: another share must not touch what is known of the service's endpoints, and
/// two documents, often of two authors, say the two.
/// </remarks>
public sealed record ServiceRouting
{
    /// <summary>What the rule is called; null when it has no name.</summary>
    public string? RuleName { get; init; }

    /// <summary>Where to, in the order of the document; at least one of them has a weight.</summary>
    public required ImmutableArray<RouteDestination> Destinations { get; init; }

    /// <summary>Which document this came from, as <c>VirtualService/namespace/name@version</c>; null before it is in force.</summary>
    public string? Source { get; init; }

    /// <summary>All weights together.</summary>
    public int TotalWeight() => Destinations.Sum(static destination => destination.Weight);

    /// <summary>Those that get requests: a weight of 0 is a place that is kept for later.</summary>
    public ImmutableArray<RouteDestination> Shares() => [.. Destinations.Where(static destination => destination.Weight > 0)];

    /// <summary>Whether requests go the same way under the same name, whatever the document is called and whoever has a weight of 0.</summary>
    public static bool Same(ServiceRouting? left, ServiceRouting? right) =>
        left is null || right is null
            ? left is null && right is null
            : left.RuleName == right.RuleName && left.Shares().SequenceEqual(right.Shares());

    /// <summary>For people, as in <c>90% to shop/cart, 10% to shop/cart-canary</c>.</summary>
    public string Describe()
    {
        var total = TotalWeight();
        return string.Join(", ", Shares().Select(
            share => string.Create(CultureInfo.InvariantCulture, $"{100m * share.Weight / total:0.##}% to {share.Service}")));
    }

    /// <summary>By content.</summary>
    public bool Equals(ServiceRouting? other) =>
        other is not null && RuleName == other.RuleName && Source == other.Source && Destinations.SequenceEqual(other.Destinations);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(RuleName, Source, Destinations.Length);
}

/// <summary>One service that requests go to.</summary>
/// <param name="Service">Which. It need not exist, now or ever.</param>
/// <param name="Weight">Its share is this by the sum of all weights; 0 to <see cref="MostWeight"/>.</param>
public sealed record RouteDestination(ServiceId Service, int Weight)
{
    /// <summary>The greatest weight. With as many destinations as there may be, the sum stays far within Envoy's 32 bits.</summary>
    public const int MostWeight = 1_000_000;

    /// <summary>How many destinations a rule may have.</summary>
    public const int Most = 100;
}
