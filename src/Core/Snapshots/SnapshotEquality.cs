using System.Collections.Immutable;

namespace Mesh.Core.Snapshots;

/// <summary>
/// Equality by content. Immutable arrays and dictionaries compare by reference, so the records that hold them never compare equal
/// by themselves; here their collections are compared first and then taken to be one, and the record's own equality does the rest: a field
/// that is added later is compared without anybody's remembering it.
/// </summary>
public static class SnapshotEquality
{
    /// <summary>Whether two endpoints look the same to everything downstream.</summary>
    public static bool Same(EndpointSnapshot left, EndpointSnapshot right) =>
        ReferenceEquals(left, right) || (LabelEquality.Same(left.Labels, right.Labels) && left with { Labels = right.Labels } == right);

    /// <summary>Whether two lists hold the same endpoints in the same order.</summary>
    public static bool Same(ImmutableArray<EndpointSnapshot> left, ImmutableArray<EndpointSnapshot> right)
    {
        if (left.Length != right.Length)
        {
            return false;
        }

        for (var i = 0; i < left.Length; i++)
        {
            if (!Same(left[i], right[i]))
            {
                return false;
            }
        }

        return true;
    }
}
