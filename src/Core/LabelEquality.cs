using System.Collections.Immutable;

namespace Mesh.Core;

/// <summary>Immutable dictionaries compare by reference; labels are compared by content.</summary>
internal static class LabelEquality
{
    public static bool Same(ImmutableSortedDictionary<string, string> left, ImmutableSortedDictionary<string, string> right) =>
        ReferenceEquals(left, right) || (left.Count == right.Count && left.SequenceEqual(right));
}
