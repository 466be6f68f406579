using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Policies;

namespace Mesh.Grains.Policies;

/// <summary>Two documents of one kind for one service.</summary>
internal static class PolicyConflict
{
    public static ImmutableArray<Problem> Of(ServiceId service, PolicyKey bound) =>
    [
        new(ProblemKind.Conflict, bound.Kind == VirtualServiceCompiler.Kind ? "spec.hosts" : "spec.host", service.ToString(), $"{bound} already binds to this service.", $"Change or delete {bound}: a service has one {bound.Kind}."),
    ];
}
