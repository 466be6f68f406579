using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;

namespace Mesh.Grains.Endpoints;

/// <summary>Why a caller may not have its way with an endpoint.</summary>
internal static class EndpointRefusals
{
    /// <summary>Null when the endpoint is registered, by that instance if one is named.</summary>
    public static ImmutableArray<Problem>? OfInstance(EndpointKey key, EndpointState? state, string? instanceId) =>
        state is null ? [NotRegistered(key)]
        : instanceId is null || instanceId == state.Spec.InstanceId ? null
        :
        [
            new(
                ProblemKind.Conflict, "instanceId", instanceId,
                $"Endpoint {key} is registered by {(state.Spec.InstanceId is { } other ? $"instance '{other}'" : "a caller without an instance id")}.",
                "Register again if this instance is to have the id."),
        ];

    public static Outcome<EndpointView> Missing(EndpointKey key) => Outcome.Refused<EndpointView>([NotRegistered(key)]);

    private static Problem NotRegistered(EndpointKey key) => new(
        ProblemKind.NotFound, "id", key.Id, $"Endpoint {key} is not registered.", "Register it first.");
}
