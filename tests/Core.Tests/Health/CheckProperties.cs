using FsCheck.Fluent;
using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Xunit;

namespace Mesh.Core.Tests.Health;

public class CheckProperties
{
    [Fact]
    public void Nobody_is_ejected_for_ever_when_checks_pass_and_traffic_succeeds() => Properties.Hold(
        Histories.CheckedPolicy.Zip(Histories.Forward),
        given =>
        {
            var (policy, moments) = given;
            var now = Given.Start;
            var state = Histories.Lead(policy, moments, (_, _, at, _) => now = at);
            // By hand for as long as the history says; by itself for less than two minutes; then checks, a proof, and the warm-up.
            var ejected = state.Ejection?.Until is { } until && until > now ? until - now : TimeSpan.Zero;
            var bound = now + ejected + TimeSpan.FromMinutes(10);
            state = EndpointMachine.Step(state, new LeaseRenewed(), policy, now, 0).State!;
            while (now < bound)
            {
                state = Live(state, policy, now);
                // In long strides up to the end of a long ejection; from there to the proof they would be too long.
                now += state.Ejection?.Until - now is { } left && left > TimeSpan.FromHours(1) ? left / 2 : TimeSpan.FromMilliseconds(500);
            }

            Assert.True(state.Status is HealthStatus.Healthy or HealthStatus.Draining, $"{state.Status}: {state.Reason}");
            Assert.True(state.Status is HealthStatus.Draining || state.Warming is null);
        });

    [Fact]
    public void An_ejection_ends_early_only_by_passed_checks_or_forgiveness_and_not_when_it_must_not() => Properties.Hold(
        Histories.CheckedPolicy.Zip(Histories.Forward),
        given => Histories.Lead(given.Item1, given.Item2, (before, moment, now, step) =>
        {
            if (before.Ejection is not { } ejection || step.State!.Ejection is not null)
            {
                return;
            }

            var forgiven = moment.Happened is Restored || (moment.Happened is Registered again && !before.Spec.IsSameLife(again.Spec));
            var proven = moment.Happened is CheckEnded { Passed: true } && before.Checks!.Passed + 1 >= given.Item1.HealthCheck!.HealthyThreshold;
            Assert.True(forgiven || proven || ejection.Until <= now);
            Assert.True(forgiven || ejection.Until is null || ejection.Until <= now
                || (!ejection.Manual && ejection.Detector != OutlierDetector.FailedProbe));
        }));

    [Fact]
    public void Checks_are_never_denser_than_their_interval_and_never_two_at_once() => Properties.Hold(
        Histories.CheckedPolicy.Zip(Histories.Forward),
        given =>
        {
            DateTimeOffset? last = null;
            Histories.Lead(given.Item1, given.Item2, (before, moment, now, step) =>
            {
                if (moment.Happened is Registered or Drained or Restored or LeaseRenewed or Recovered)
                {
                    last = null;
                }
                else if (step.Has<RunCheck>())
                {
                    Assert.True(before.Checks is not { UnderWay: true } checks || now >= checks.After + given.Item1.HealthCheck!.Timeout);
                    Assert.NotEqual(last, now);
                    last = now;
                }
            });
        });

    [Fact]
    public void Only_what_is_wanted_is_checked() => Properties.Hold(
        Histories.AnyPolicy.Zip(Histories.Any),
        given => Histories.Lead(given.Item1, given.Item2, (_, _, _, step) => Assert.Equal(
            given.Item1.HealthCheck is not null && step.State!.Status is not (HealthStatus.Draining or HealthStatus.Expired),
            step.State!.Checks is not null)));

    [Fact]
    public void The_last_word_on_disk_and_a_restart_lead_to_the_same_standing_but_for_what_is_soon_seen_again() => Properties.Hold(
        Histories.CheckedPolicy.Zip(Histories.Forward),
        given =>
        {
            var (onDisk, now) = (Given.Endpoint(TimeSpan.FromSeconds(30)), Given.Start);
            var state = Histories.Lead(given.Item1, given.Item2, (_, _, at, step) => (onDisk, now) = (step.Has<SaveState>() ? step.State! : onDisk, at));
            var again = EndpointMachine.Step(onDisk, new Recovered(), given.Item1, now, 0).State!;
            Assert.Equal((state.Ejection, state.Draining, state.EjectionMultiplier), (again.Ejection, again.Draining, again.EjectionMultiplier));
            Assert.Equal(state.Probe is null, again.Probe is null);
        });

    /// <summary>One moment of a mesh in good order: time is told, checks pass, traffic succeeds, owners renew.</summary>
    private static EndpointState Live(EndpointState state, TrafficPolicy policy, DateTimeOffset now)
    {
        var step = EndpointMachine.Step(state, new TimeElapsed(), policy, now, 0);
        Assert.False(step.Has<RemoveEndpoint>());
        if (step.Has<RunCheck>())
        {
            step = EndpointMachine.Step(step.State, new CheckEnded(true), policy, now, 0);
        }

        step = EndpointMachine.Step(step.State, new LeaseRenewed(), policy, now, 0);
        return EndpointMachine.Step(step.State, new ObservationReceived(Given.Successes(5)), policy, now, 0).State!;
    }
}
