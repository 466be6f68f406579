namespace Mesh.Core.Outliers;

/// <summary>Counts that come from outside: never negative, and full rather than wrapped around when they grow too large.</summary>
internal static class Saturating
{
    /// <summary>The sum of two counts; <see cref="long.MaxValue"/> when it does not fit.</summary>
    public static long Add(long left, long right) => left > long.MaxValue - right ? long.MaxValue : left + right;
}
