using Mesh.Core.Outliers;
using Mesh.Core.Policies;

namespace Mesh.Core.Health;

/// <summary>The part of <see cref="EndpointMachine"/> about traffic: runs of failures, ejections, and the proof after one.</summary>
internal static class Judgement
{
    /// <summary>What comes in late of an endpoint out of rotation changes nothing: those requests were sent before it left.</summary>
    public static EndpointState Observe(EndpointState state, EndpointObservation observation, TrafficPolicy policy, DateTimeOffset now)
    {
        if (!TakesTraffic(state.Status))
        {
            return state;
        }

        var runs = state.Runs.Advance(observation, policy.OutlierDetection.SplitExternalLocalOriginErrors);
        // Whom the budget spares although its checks fail, it spares until they pass: each success would make a new snapshot otherwise.
        var spared = observation.Succeeded <= 0 || state.Checks is { Failing: true };
        var seen = state with { Runs = runs, Refusal = spared ? state.Refusal : null };
        return state.Probe is null ? seen : Prove(seen, observation, policy, now);
    }

    /// <summary>Why it is to be ejected after an observation; null when there is no reason.</summary>
    public static OutlierEvidence? Evidence(
        EndpointState? before, EndpointState after, EndpointObservation observation, OutlierDetection policy)
    {
        // Only a new failure is a reason: a report without one must not repeat an old proposal.
        var failures = ConsecutiveDetectors.Counted(observation, policy);
        return failures == 0 || before is null || !TakesTraffic(before.Status) ? null
            : after.Probe is null ? ConsecutiveDetectors.Judge(after.Runs, policy)
            : new OutlierEvidence(OutlierDetector.FailedProbe, failures, 1) { Sources = EvidenceSources.OfFailures(observation, failures) };
    }

    public static EndpointState Eject(EndpointState state, EjectionAllowed allowed, TrafficPolicy policy, DateTimeOffset now, double roll)
    {
        var byChecks = !allowed.Manual && allowed.Evidence?.Detector == OutlierDetector.ActiveHealthCheck;
        if (!allowed.Manual && !TakesTraffic(state.Status))
        {
            return state;
        }

        if (byChecks)
        {
            // A verdict that comes too late, after the checks passed again or were given up, would hold for ever.
            return state.Checks is not { Failing: true } ? state : Out(state, allowed, policy, null, now) with { Probe = state.Probe };
        }

        // To prolong an ejection by hand is not one more of them.
        var multiplier = state.Ejection is null ? Math.Min(state.EjectionMultiplier, int.MaxValue - 1) + 1 : state.EjectionMultiplier;
        var length = allowed.Duration is { } asked && asked > TimeSpan.Zero ? asked
            : allowed.Manual ? EjectionTimes.Length(policy.OutlierDetection, 1, 0)
            : EjectionTimes.Length(policy.OutlierDetection, multiplier, roll);
        var until = EjectionTimes.Later(now, length < EjectionTimes.Longest ? length : EjectionTimes.Longest);
        return Out(state, allowed, policy, until, now) with { EjectionMultiplier = multiplier };
    }

    /// <summary>Keeps the first refusal of a run: the figures in a later one may differ, and each change is a new snapshot.</summary>
    public static EndpointState Spare(EndpointState state, string why) =>
        TakesTraffic(state.Status) && state.Refusal is null ? state with { Refusal = why } : state;

    public static bool TakesTraffic(HealthStatus status) => status is HealthStatus.Healthy or HealthStatus.Suspect or HealthStatus.Probing;

    /// <summary>What passed before does not count for the return, nor does the check that is under way.</summary>
    private static EndpointState Out(EndpointState state, EjectionAllowed allowed, TrafficPolicy policy, DateTimeOffset? until, DateTimeOffset now) => state with
    {
        Ejection = new(now, until, allowed.Reason, allowed.Manual) { Evidence = allowed.Evidence, PolicySource = policy.Source },
        Checks = state.Checks is { } checks ? checks with { Passed = 0, UnderWay = false } : null,
        LastMultiplierDecay = null,
        Probe = null,
        Refusal = null,
        Warming = null,
    };

    private static EndpointState Prove(EndpointState state, EndpointObservation observation, TrafficPolicy policy, DateTimeOffset now)
    {
        var succeeded = ObservationCounts.Of(observation).Succeeded;
        var failed = ConsecutiveDetectors.Counted(observation, policy.OutlierDetection);
        var inARow = failed == 0 ? Saturating.Add(state.Probe!.Succeeded, succeeded) : AtLeastInARow(succeeded, failed);
        return inARow >= EndpointMachine.ProbeSuccesses
            ? state with
            {
                Probe = null,
                LastMultiplierDecay = now,
                Runs = failed == 0 ? FailureRuns.None : state.Runs,
                Warming = Warming.OfReturned(policy, now),
            }
            : state with { Probe = state.Probe! with { Succeeded = failed == 0 ? inARow : 0 } };
    }

    /// <summary>However F failures lie among S successes, they leave F + 1 stretches, and the longest of these holds at least S / (F + 1), rounded up.</summary>
    private static long AtLeastInARow(long succeeded, long failed) =>
        succeeded / Saturating.Add(failed, 1) + (succeeded % Saturating.Add(failed, 1) > 0 ? 1 : 0);
}
