using System.Collections.Immutable;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;

namespace Mesh.Core.Health;

/// <summary>
/// The life of one endpoint as a pure function: state, event and time in, state and effects out.
/// <para>
/// Think of a player, a referee and a bench. Proxies report what the player does. A run of failures makes it suspect; at the threshold it is
/// proposed for the bench, but only the referee (the service's <see cref="Outliers.EjectionBudget"/>) may send it there, because only the referee sees how many
/// sit there already. After its time it plays again, but few balls go to it until it has caught some in a row; if it drops one, it is
/// proposed again, for longer. Once it has proven itself it gets more balls step by step (<see cref="Warming"/>).
/// </para>
/// <para>
/// A doctor may look at it now and then (<see cref="HealthCheck"/>): whom the doctor finds ill is proposed too, and stays out until found well. A doctor's
/// word shortens other stays on the bench, but does not replace the proof in play; and for one who failed that, it does not count.
/// </para>
/// <code>
/// status    in rotation  weight  becomes
/// Healthy   yes          full*   Suspect on 2 failures in a row or failing checks; proposed at a threshold
/// Suspect   yes          full*   Healthy when the run ends and the checks pass; Ejected when the budget allows what was proposed
/// Ejected   no           -       Probing when its time is over or its checks pass; Healthy when its checks pass that it was ejected for
/// Probing   yes          10 %    Healthy after 3 successes in a row; proposed again on a failed period
///                                * less while it warms up
/// Draining  no           -       gone by deregistration; Healthy by Restored or a new instance
/// Expired   no           -       what it was, by a renewal; removed after a grace of 3 leases, at least 1 minute
/// </code>
/// <para>
/// What a failed period is while probing: reports do not tell the order of requests, but S successes and F failures in any order hold a run
/// of at least S / (F + 1) successes. If that is enough for the proof, the period proves it; else a failure condemns it. Otherwise an endpoint
/// with one error in a thousand could never return to a busy mesh.
/// </para>
/// <para>
/// Rejected: ejecting at once and asking the budget afterwards (the union of what many endpoints do at the same moment would overshoot), and a
/// timer alone for the return (a host that is still broken would get its full share of traffic at every return).
/// </para>
/// </summary>
public static class EndpointMachine
{
    /// <summary>How many failures in a row make an endpoint suspect. One is not a run.</summary>
    public const int SuspectRun = 2;

    /// <summary>How many successes in a row, mesh-wide, prove a probing endpoint.</summary>
    public const int ProbeSuccesses = 3;

    /// <summary>The least time for which an expired endpoint is kept, in case its owner returns.</summary>
    public static readonly TimeSpan LeastGrace = TimeSpan.FromMinutes(1);

    /// <summary>One step. It never throws, whatever the event, the time or the figures in them.</summary>
    /// <param name="state">The state before; null when the endpoint is not registered: then only <see cref="Registered"/> does something.</param>
    /// <param name="happened">What happened.</param>
    /// <param name="policy">The policy in force; an ejection notes its <see cref="TrafficPolicy.Source"/>.</param>
    /// <param name="now">The time.</param>
    /// <param name="roll">Chance, from 0 (included) to 1, for the jitter of an ejection.</param>
    public static EndpointStep Step(
        EndpointState? state, EndpointEvent happened, TrafficPolicy policy, DateTimeOffset now, double roll)
    {
        var current = state is null ? null : Checking.Adopt(state, policy.HealthCheck, now);
        var next = happened is Registered registered ? Registration.Register(current, registered.Spec, policy, now)
            : current is null ? null
            : Next(current, happened, policy, now, roll);
        next = next is null ? null : Checking.Adopt(next, policy.HealthCheck, now);
        return new(next, next is null ? [] : Effects(state, next, happened, policy, now));
    }

    /// <summary>How long an expired endpoint is kept.</summary>
    public static TimeSpan Grace(TimeSpan lease) => lease > LeastGrace / 3 ? lease > TimeSpan.MaxValue / 3 ? TimeSpan.MaxValue : lease * 3 : LeastGrace;

    /// <summary>
    /// What stands against an endpoint now, whatever has just happened: the failed checks of one in rotation. A shell that proposes by a message
    /// that may be lost asks for it again; null when there is nothing.
    /// </summary>
    public static OutlierEvidence? Standing(EndpointState state, TrafficPolicy policy) => Checking.Evidence(state, policy.HealthCheck);

    private static EndpointState Next(
        EndpointState state, EndpointEvent happened, TrafficPolicy policy, DateTimeOffset now, double roll) => happened switch
        {
            LeaseRenewed => Registration.Renew(state, now),
            Recovered => Registration.Recover(Passing.Warm(state, policy, now), now),
            Drained => state with { Draining = true },
            Restored => Registration.Restore(state),
            ObservationReceived seen => Judgement.Observe(Hear(state, seen.Observation, now), seen.Observation, policy, now),
            EjectionAllowed allowed => Judgement.Eject(state, allowed, policy, now, roll),
            EjectionRefused refused => Judgement.Spare(state, refused.Why),
            CheckEnded ended => Checking.End(state, ended, policy, now),
            TrafficSeen traffic => Checking.HearOfTraffic(state, traffic.Flowing, now),
            TimeElapsed => Checking.Begin(Passing.Elapse(state, policy, now), policy.HealthCheck, now),
            _ => state,
        };

    private static ImmutableArray<EndpointEffect> Effects(
        EndpointState? before, EndpointState after, EndpointEvent happened, TrafficPolicy policy, DateTimeOffset now)
    {
        var effects = ImmutableArray.CreateBuilder<EndpointEffect>();
        if (before is null || Durable(before) != Durable(after))
        {
            effects.Add(new SaveState());
        }

        // Everything else is the service's own doing: it has the new state in the answer to its call.
        if (happened is LeaseRenewed or Recovered or TimeElapsed or CheckEnded && Visible(before) != Visible(after))
        {
            effects.Add(new HintService());
        }

        if (happened is ObservationReceived seen && Judgement.Evidence(before, after, seen.Observation, policy.OutlierDetection) is { } evidence)
        {
            effects.Add(new ProposeEjection(evidence));
        }
        else if (happened is CheckEnded { Passed: false } && Standing(after, policy) is { } standing)
        {
            effects.Add(new ProposeEjection(standing));
        }

        if (policy.HealthCheck is { } check && happened is TimeElapsed && Checking.HasBegun(before, after))
        {
            effects.Add(new RunCheck(check));
        }

        if (happened is TimeElapsed && Passing.IsRemovable(after, now))
        {
            effects.Add(new RemoveEndpoint());
        }
        else if (Passing.NextWake(after, policy, now) is { } when)
        {
            effects.Add(new WakeAt(when));
        }

        return effects.ToImmutable();
    }

    private static EndpointState Hear(EndpointState state, EndpointObservation seen, DateTimeOffset now) =>
        seen.Succeeded > 0 || seen.Failed > 0 ? Checking.HearOfTraffic(state, true, now) : state;

    /// <summary>
    /// What must survive a crash. A lease starts anew after one; runs of failures, a proof under way and checks are soon repeated; how far
    /// a warm-up has come the clock tells.
    /// </summary>
    public static EndpointState Durable(EndpointState state) => state with
    {
        LeaseExpires = null,
        Runs = FailureRuns.None,
        Refusal = null,
        Checks = null,
        Warming = null,
        Probe = state.Probe is { } probe ? probe with { Succeeded = 0 } : null,
    };

    private static (HealthStatus?, Ejection?, int?, string?, int?) Visible(EndpointState? state) =>
        (state?.Status, state?.Ejection, state?.EjectionMultiplier, state?.Reason, state?.Warming?.Percent);
}
