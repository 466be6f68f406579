using System.Collections.Immutable;
using Mesh.Core.Policies;

namespace Mesh.Core.Snapshots;

/// <summary>What a change is about. Names as in the event stream.</summary>
public enum SnapshotChangeKind
{
    /// <summary>An endpoint is new.</summary>
    EndpointAdded,

    /// <summary>An endpoint is gone.</summary>
    EndpointRemoved,

    /// <summary>An endpoint looks different.</summary>
    EndpointChanged,

    /// <summary>Another policy is in force.</summary>
    PolicyChanged,

    /// <summary>Requests for the service's host names go elsewhere, or in other shares.</summary>
    RoutingChanged,
}

/// <summary>One change between two snapshots.</summary>
/// <param name="Kind">What sort.</param>
/// <param name="Before">The endpoint before; null when it was added or the change is not about one.</param>
/// <param name="After">The endpoint after; null when it was removed or the change is not about one.</param>
/// <param name="Policy">The policy after; null unless it changed.</param>
/// <param name="Description">One line for people.</param>
public sealed record SnapshotChange(
    SnapshotChangeKind Kind, EndpointSnapshot? Before, EndpointSnapshot? After, TrafficPolicy? Policy, string Description)
{
    /// <summary>Which endpoint it is about; null for a policy or a routing.</summary>
    public string? EndpointId => After?.Id ?? Before?.Id;
}

/// <summary>The changes between two snapshots of one service: the policy first, then the routing, then endpoints by id.</summary>
public sealed record SnapshotDiff(ImmutableArray<SnapshotChange> Changes)
{
    /// <summary>What leads from one snapshot to another.</summary>
    /// <param name="before">Null for "nothing yet": no endpoints, the default policy and no routing.</param>
    /// <param name="after">The newer one.</param>
    public static SnapshotDiff Between(ServiceSnapshot? before, ServiceSnapshot after)
    {
        var changes = ImmutableArray.CreateBuilder<SnapshotChange>();
        var policyBefore = before?.Policy ?? TrafficPolicy.Default;
        if (policyBefore != after.Policy)
        {
            changes.Add(new(
                SnapshotChangeKind.PolicyChanged, null, null, after.Policy, ChangeText.Policy(policyBefore, after.Policy)));
        }

        if (before?.Routing != after.Routing)
        {
            changes.Add(new(SnapshotChangeKind.RoutingChanged, null, null, null, ChangeText.Routing(before?.Routing, after.Routing)));
        }

        Walk(before?.Endpoints ?? [], after.Endpoints, changes);
        return new(changes.ToImmutable());
    }

    /// <summary>Both lists are ordered by id, so one walk over the two finds everything.</summary>
    private static void Walk(
        ImmutableArray<EndpointSnapshot> before, ImmutableArray<EndpointSnapshot> after, ImmutableArray<SnapshotChange>.Builder changes)
    {
        var (i, j) = (0, 0);
        while (i < before.Length || j < after.Length)
        {
            var order = i == before.Length ? 1 : j == after.Length ? -1 : string.CompareOrdinal(before[i].Id, after[j].Id);
            if (order < 0)
            {
                changes.Add(new(SnapshotChangeKind.EndpointRemoved, before[i], null, null, ChangeText.Removed(before[i])));
                i++;
            }
            else if (order > 0)
            {
                changes.Add(new(SnapshotChangeKind.EndpointAdded, null, after[j], null, ChangeText.Added(after[j])));
                j++;
            }
            else
            {
                if (!SnapshotEquality.Same(before[i], after[j]))
                {
                    changes.Add(new(
                        SnapshotChangeKind.EndpointChanged, before[i], after[j], null, ChangeText.Changed(before[i], after[j])));
                }

                i++;
                j++;
            }
        }
    }
}
