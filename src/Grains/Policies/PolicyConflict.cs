using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core;

namespace Mesh.Grains.Policies;

/// <summary>Two documents for one service.</summary>
internal static class PolicyConflict
{
    public static ImmutableArray<Problem> Of(ServiceId service, PolicyKey bound) =>
    [
        new(ProblemKind.Conflict, "spec.host", service.ToString(), $"{bound} already binds to this service.", $"Change or delete {bound}: a service has one policy."),
    ];
}
