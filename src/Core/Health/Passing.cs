using Mesh.Core.Outliers;
using Mesh.Core.Policies;

namespace Mesh.Core.Health;

/// <summary>The part of <see cref="EndpointMachine"/> about the passing of time: leases run out, ejections end, history fades.</summary>
internal static class Passing
{
    public static EndpointState Elapse(EndpointState state, TrafficPolicy policy, DateTimeOffset now) =>
        Warm(Decay(EndEjection(Expire(state, now), policy, now), policy.OutlierDetection, now), policy, now);

    public static bool IsRemovable(EndpointState state, DateTimeOffset now) => RemovalTime(state) <= now;

    /// <summary>The next moment at which time alone changes something; null when there is none.</summary>
    public static DateTimeOffset? NextWake(EndpointState state, TrafficPolicy policy, DateTimeOffset now)
    {
        var end = state.ExpiredAt is null ? state.LeaseExpires : RemovalTime(state);
        return Times.Earliest(
            Times.Earliest(Times.Earliest(end, EjectionEnd(state, policy)), DecayTime(state, policy.OutlierDetection)),
            Times.Earliest(state.Warming?.NextStep(policy, now), Checking.Due(state, policy.HealthCheck)));
    }

    /// <summary>Back into rotation with a low weight, to prove itself.</summary>
    public static EndpointState ToProbe(EndpointState state, Ejection ejection) => state with
    {
        Ejection = null,
        Runs = FailureRuns.None,
        Probe = new(0, state.Probe?.After ?? ejection.Reason),
    };

    /// <summary>The grace counts from when the expiry was noticed: after a long pause of the whole process, owners still get all of it.</summary>
    private static EndpointState Expire(EndpointState state, DateTimeOffset now) =>
        state.ExpiredAt is null && state.LeaseExpires <= now ? state with { ExpiredAt = now } : state;

    /// <summary>Null while it is not ejected, or until its checks pass. When there are no more checks such an ejection is over: else it would never be.</summary>
    private static DateTimeOffset? EjectionEnd(EndpointState state, TrafficPolicy policy) =>
        state.Ejection is not { } ejection ? null
        : ejection.Until ?? (policy.HealthCheck is null ? ejection.At : null);

    private static EndpointState EndEjection(EndpointState state, TrafficPolicy policy, DateTimeOffset now) =>
        state.Ejection is not { } ejection || !(EjectionEnd(state, policy) <= now) ? state
        : state.Checks is { Failing: true } checks
            ? state with { Ejection = ejection with { Until = null, Reason = $"{ejection.Reason}; {checks.Complaint}" } }
        : ToProbe(state, ejection);

    public static EndpointState Warm(EndpointState state, TrafficPolicy policy, DateTimeOffset now) =>
        state.Warming is { } warming && warming.At(policy, now) is var next && next != warming ? state with { Warming = next } : state;

    private static EndpointState Decay(EndpointState state, OutlierDetection policy, DateTimeOffset now)
    {
        if (DecayTime(state, policy) is not { } due || due > now)
        {
            return state;
        }

        var interval = EjectionTimes.Interval(policy);
        var since = state.LastMultiplierDecay!.Value;
        var steps = (int)Math.Min((now - since).Ticks / interval.Ticks, state.EjectionMultiplier);
        return state with
        {
            EjectionMultiplier = state.EjectionMultiplier - steps,
            LastMultiplierDecay = steps == state.EjectionMultiplier ? null : since + interval * steps,
        };
    }

    private static DateTimeOffset? DecayTime(EndpointState state, OutlierDetection policy) =>
        state is { EjectionMultiplier: > 0, LastMultiplierDecay: { } since, Status: HealthStatus.Healthy or HealthStatus.Suspect }
            ? EjectionTimes.Later(since, EjectionTimes.Interval(policy))
            : null;

    private static DateTimeOffset? RemovalTime(EndpointState state) =>
        state is { ExpiredAt: { } at } ? EjectionTimes.Later(at, EndpointMachine.Grace(state.Spec.Lease ?? TimeSpan.Zero)) : null;
}
