using Mesh.Core.Health;
using Mesh.Core.Weights;

namespace Mesh.Core.Snapshots;

/// <summary>What the data plane is to see of an endpoint's state.</summary>
public static class EndpointProjection
{
    /// <summary>The endpoint's part of its service's snapshot.</summary>
    public static EndpointSnapshot ToSnapshot(this EndpointState state) => new()
    {
        Id = state.Spec.Id,
        Address = state.Spec.Address,
        Port = state.Spec.Port,
        Locality = state.Spec.Locality,
        Labels = state.Spec.Labels,
        ConfiguredWeight = state.Spec.Weight,
        Weight = EffectiveWeight.Of(state.Spec.Weight, state.Status, state.Warming?.Percent ?? 100),
        Status = state.Status,
        EjectedUntil = state.Status == HealthStatus.Ejected ? state.Ejection!.Until : null,
        EjectionMultiplier = state.EjectionMultiplier,
        Reason = state.Reason,
        WeightReason = EffectiveWeight.Reason(state.Status, state.Warming?.Percent),
    };
}
