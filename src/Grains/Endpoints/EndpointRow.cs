using System.Text.Json.Serialization;
using Mesh.Core.Health;
using Mesh.Core.Policies;

namespace Mesh.Grains.Endpoints;

/// <summary>What an endpoint's grain keeps on disk; there is no row when it is not registered.</summary>
public sealed record EndpointRow
{
    /// <summary>All that it knows of itself; null when it is not registered.</summary>
    public EndpointState? State { get; init; }

    /// <summary>The policy that its service named last, so that its timers decide the same after a restart; null in a row written before 0.2.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TrafficPolicy? Traffic { get; init; }

    /// <summary>All that was kept of the policy before 0.2. It is read and no longer written.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public OutlierDetection? Policy { get; init; }

    /// <summary>The policy in force when the row was written.</summary>
    [JsonIgnore]
    public TrafficPolicy InForce =>
        Traffic ?? (Policy is null ? TrafficPolicy.Default : TrafficPolicy.Default with { OutlierDetection = Policy });
}
