using Mesh.Core.Outliers;
using Mesh.Core.Policies;

namespace Mesh.Core.Health;

/// <summary>The part of <see cref="EndpointMachine"/> about being there: registration, lease, and the forgiving of history.</summary>
internal static class Registration
{
    /// <summary>
    /// The same life again changes nothing but the lease and what it says of itself: not its health, nor its draining, or every client that
    /// registers instead of renewing would undo what an admin did.
    /// </summary>
    public static EndpointState Register(EndpointState? state, EndpointSpec spec, TrafficPolicy policy, DateTimeOffset now)
    {
        if (state is null || !state.Spec.IsSameLife(spec))
        {
            return new EndpointState
            {
                Spec = spec,
                RegisteredAt = now,
                LeaseExpires = LeaseEnd(spec, now),
                Warming = Warming.OfNew(policy, now),
            };
        }

        return Renew(state with { Spec = spec }, now);
    }

    public static EndpointState Renew(EndpointState state, DateTimeOffset now) => state with
    {
        LeaseExpires = LeaseEnd(state.Spec, now),
        ExpiredAt = null,
        // The time out of rotation is not time in which it stayed healthy.
        LastMultiplierDecay = state is { ExpiredAt: not null, LastMultiplierDecay: not null } ? now : state.LastMultiplierDecay,
    };

    /// <summary>
    /// Nobody could renew while the control plane was away: who had a lease gets a new one, who had none gets the whole grace. Checks of
    /// before say nothing now.
    /// </summary>
    public static EndpointState Recover(EndpointState state, DateTimeOffset now) =>
        (state.ExpiredAt is not null ? state with { ExpiredAt = now } : state with { LeaseExpires = LeaseEnd(state.Spec, now) }) with { Checks = null };

    public static EndpointState Restore(EndpointState state) => state with
    {
        Draining = false,
        Runs = FailureRuns.None,
        Refusal = null,
        Ejection = null,
        Probe = null,
        Warming = null,
        Checks = null,
        EjectionMultiplier = 0,
        LastMultiplierDecay = null,
    };

    private static DateTimeOffset? LeaseEnd(EndpointSpec spec, DateTimeOffset now) =>
        spec.Lease is { } lease ? EjectionTimes.Later(now, lease) : null;
}
