using Orleans.Placement;
using Orleans.Runtime;

namespace Mesh.Grains.Cluster;

/// <summary>
/// A grain that lives on the silo that its key names. With Orleans' preference for the caller's silo the first to ask would have it, and whoever asks for a silo
/// that has just joined is another one.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class SiloPlacementAttribute() : PlacementAttribute(new SiloPlacement());

/// <summary>The strategy of <see cref="SiloPlacementAttribute"/>. A runtime of several silos needs a director for it.</summary>
public sealed class SiloPlacement : PlacementStrategy;
