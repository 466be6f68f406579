using Mesh.Core.Outliers;
using Mesh.Core.Policies;

namespace Mesh.Core.Health;

/// <summary>The part of <see cref="EndpointMachine"/> about active checks: when they are due, what they add up to, and the return that they prove.</summary>
internal static class Checking
{
    /// <summary>Begins and ends checking, as the policy and the endpoint's standing say. Those that leave anyway are not checked.</summary>
    public static EndpointState Adopt(EndpointState state, HealthCheck? check, DateTimeOffset now)
    {
        var wanted = check is not null && state is { ExpiredAt: null, Draining: false };
        return !wanted ? state.Checks is null ? state : state with { Checks = null }
            : state.Checks is null ? state with { Checks = new() { After = now } }
            // The clock was set back.
            : state.Checks.After > now ? state with { Checks = state.Checks with { After = now, UnderWay = false } }
            : state;
    }

    /// <summary>When the next check is due; null when there is none.</summary>
    public static DateTimeOffset? Due(EndpointState state, HealthCheck? check)
    {
        if (check is null || state.Checks is not { } checks)
        {
            return null;
        }

        // Until a check ends, the next waits for its time-out: an answer may have been lost.
        var after = checks.UnderWay ? EjectionTimes.Later(checks.After, check.Timeout) : checks.After;
        return CheckSchedule.Next(state.Spec, IsCalm(state, checks) ? check.NoTrafficInterval : check.Interval, after);
    }

    /// <summary>Notes that a check is to be made now, if one is due.</summary>
    public static EndpointState Begin(EndpointState state, HealthCheck? check, DateTimeOffset now) =>
        Due(state, check) <= now ? state with { Checks = state.Checks! with { After = now, UnderWay = true } } : state;

    /// <summary>Whether a step was <see cref="Begin"/>'s.</summary>
    public static bool HasBegun(EndpointState? before, EndpointState after) =>
        after.Checks is { UnderWay: true } checks && (before?.Checks is not { UnderWay: true } earlier || earlier.After != checks.After);

    /// <summary>Of a service without traffic all endpoints would be overdue when it returns: they wait for their next moment instead.</summary>
    public static EndpointState HearOfTraffic(EndpointState state, bool flowing, DateTimeOffset now) =>
        state.Checks is not { } checks || checks.Idle != flowing ? state
        : state with { Checks = checks with { Idle = !flowing, After = flowing && !checks.UnderWay ? now : checks.After } };

    public static EndpointState End(EndpointState state, CheckEnded ended, TrafficPolicy policy, DateTimeOffset now)
    {
        if (state.Checks is not { UnderWay: true } checks || policy.HealthCheck is not { } check)
        {
            return state;
        }

        var counted = Count(checks, ended, check, now);
        var next = state with { Checks = counted, Refusal = checks.Failing && !counted.Failing ? null : state.Refusal };
        return next.Ejection is { } ejection && counted.Passed >= Math.Max(1, check.HealthyThreshold) && MayEnd(ejection, policy, now)
            ? Return(next, ejection, policy, now)
            : next;
    }

    /// <summary>
    /// What its checks say against an endpoint in rotation; null when they say nothing. It stands as long as they fail, so a proposal that
    /// was lost or refused is made again. Of one that is failing already a single failure more suffices, and the evidence must not claim a whole run.
    /// </summary>
    public static OutlierEvidence? Evidence(EndpointState state, HealthCheck? check) =>
        check is not null && state.Checks is { Failing: true, Failed: > 0 } checks && Judgement.TakesTraffic(state.Status)
            ? new(OutlierDetector.ActiveHealthCheck, checks.Failed, Math.Clamp(check.UnhealthyThreshold, 1, checks.Failed)) { Since = checks.FailedSince, Note = checks.Note }
            : null;

    private static EndpointChecks Count(EndpointChecks checks, CheckEnded ended, HealthCheck check, DateTimeOffset now)
    {
        var passed = ended.Passed ? Math.Min(checks.Passed, int.MaxValue - 1) + 1 : 0;
        var failed = ended.Passed ? 0 : Math.Min(checks.Failed, int.MaxValue - 1) + 1;
        var failing = checks.Failing ? passed < Math.Max(1, check.HealthyThreshold) : failed >= Math.Max(1, check.UnhealthyThreshold);
        return checks with
        {
            UnderWay = false,
            Passed = passed,
            Failed = failed,
            FailedSince = ended.Passed ? null : checks.FailedSince ?? now,
            Failing = failing,
            FailingNote = !failing ? null : checks.Failing ? checks.FailingNote : ended.Note,
            Ended = now,
            Note = ended.Note,
        };
    }

    /// <summary>
    /// Whether passed checks may end an ejection. What failed real traffic when it was to prove itself has shown that its checks say nothing
    /// of traffic: that one waits for its time, and so does one ejected by hand.
    /// </summary>
    private static bool MayEnd(Ejection ejection, TrafficPolicy policy, DateTimeOffset now) =>
        ejection.Until is not { } until
        || until <= now
        || (policy.OutlierDetection.SuccessfulActiveHealthCheckUnejectHost && !ejection.Manual && ejection.Detector != OutlierDetector.FailedProbe);

    /// <summary>
    /// Failed checks are disproved by passed ones. What was ejected for anything else still owes real traffic its proof: else one whose
    /// checks are shallower than its requests would go in and out at full weight.
    /// </summary>
    private static EndpointState Return(EndpointState state, Ejection ejection, TrafficPolicy policy, DateTimeOffset now) =>
        ejection.Detector != OutlierDetector.ActiveHealthCheck || state.Probe is not null
            ? Passing.ToProbe(state, ejection)
            : state with
            {
                Ejection = null,
                Runs = FailureRuns.None,
                Warming = Warming.OfReturned(policy, now),
                LastMultiplierDecay = state.EjectionMultiplier > 0 ? now : null,
            };

    /// <summary>Nothing is undecided, and nobody would suffer from what is found out later.</summary>
    private static bool IsCalm(EndpointState state, EndpointChecks checks) =>
        checks is { Idle: true, Failed: 0, Failing: false, Ended: not null } && state is { Ejection: null, Probe: null };
}
