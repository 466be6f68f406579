namespace Mesh.Api;

/// <summary>Where requests for a service's host names go instead of to the service alone.</summary>
/// <param name="Source">The document, as <c>VirtualService/namespace/name@version</c>.</param>
/// <param name="RuleName">What its rule is called; null when it has no name.</param>
/// <param name="Destinations">Where to, as in the document.</param>
public sealed record RoutingView(string? Source, string? RuleName, IReadOnlyList<RouteDestinationView> Destinations);

/// <summary>One service that requests go to.</summary>
/// <param name="Service">As <c>namespace/name</c>.</param>
/// <param name="Weight">As in the document; 1 where a single destination has none.</param>
/// <param name="SharePercent">Its part of the requests, in percent.</param>
/// <param name="Exists">Whether there is such a service; while there is none, its share of the requests fails.</param>
public sealed record RouteDestinationView(string Service, int Weight, double SharePercent, bool Exists);
