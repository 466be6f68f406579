using Mesh.Core.Health;
using Mesh.Core.Policies;

namespace Mesh.Grains.Endpoints;

/// <summary>What an endpoint's grain keeps on disk; there is no row when it is not registered.</summary>
public sealed record EndpointRow
{
    /// <summary>All that it knows of itself; null when it is not registered.</summary>
    public EndpointState? State { get; init; }

    /// <summary>The outlier detection that its service named last, so that its timers decide the same after a restart.</summary>
    public OutlierDetection Policy { get; init; } = new();
}
