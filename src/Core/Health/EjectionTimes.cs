using Mesh.Core.Policies;

namespace Mesh.Core.Health;

/// <summary>How long ejections last. All sums stop at the ends of time instead of throwing.</summary>
public static class EjectionTimes
{
    /// <summary>The longest ejection that can be asked for by hand.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(366);

    /// <summary>Envoy's rule: <c>min(base * multiplier, max) + jitter</c>, where the maximum is at least the base.</summary>
    /// <param name="policy">Base, maximum and jitter.</param>
    /// <param name="multiplier">1 for the first ejection.</param>
    /// <param name="roll">Chance, from 0 to 1, that picks the jitter.</param>
    public static TimeSpan Length(OutlierDetection policy, int multiplier, double roll)
    {
        var most = Math.Max(policy.MaxEjectionTime.Ticks, policy.BaseEjectionTime.Ticks);
        var ticks = Int128.Clamp((Int128)policy.BaseEjectionTime.Ticks * multiplier, 0, Math.Max(0, most));
        var jitter = policy.MaxEjectionTimeJitter.Ticks * (roll is > 0 and < 1 ? roll : 0);
        return TimeSpan.FromTicks((long)Int128.Min(ticks + (Int128)Math.Max(0, jitter), Longest.Ticks));
    }

    /// <summary>The policy's interval; a policy made by hand might hold one of zero.</summary>
    internal static TimeSpan Interval(OutlierDetection policy) =>
        policy.Interval > TimeSpan.Zero ? policy.Interval : TimeSpan.FromMilliseconds(1);

    /// <summary>A time later by a span that may be negative or absurd.</summary>
    internal static DateTimeOffset Later(DateTimeOffset time, TimeSpan by) =>
        by <= TimeSpan.Zero ? time
        : by > DateTimeOffset.MaxValue - time ? DateTimeOffset.MaxValue
        : time + by;
}
