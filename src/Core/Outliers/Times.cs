namespace Mesh.Core.Outliers;

/// <summary>Times that may be unknown.</summary>
internal static class Times
{
    /// <summary>The later of those that are known.</summary>
    public static DateTimeOffset? Latest(DateTimeOffset? left, DateTimeOffset? right) => left is null || left < right ? right : left;

    /// <summary>The earlier of those that are known.</summary>
    public static DateTimeOffset? Earliest(DateTimeOffset? left, DateTimeOffset? right) => right is null || left < right ? left : right;

    /// <summary>The sum; where it lies beyond the ends of time, the end.</summary>
    public static DateTimeOffset Add(DateTimeOffset time, TimeSpan by) =>
        by > DateTimeOffset.MaxValue - time ? DateTimeOffset.MaxValue
        : by < DateTimeOffset.MinValue - time ? DateTimeOffset.MinValue
        : time + by;

    /// <summary>The earlier of those that count; unknown when one that counts is.</summary>
    public static DateTimeOffset? Earliest(bool leftCounts, DateTimeOffset? left, bool rightCounts, DateTimeOffset? right) =>
        (leftCounts, rightCounts) switch
        {
            (true, true) => left is null || right is null ? null : left < right ? left : right,
            (true, false) => left,
            (false, true) => right,
            _ => null,
        };
}
