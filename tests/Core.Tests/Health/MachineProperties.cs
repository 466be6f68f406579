using System.Text.Json;
using FsCheck.Fluent;
using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Snapshots;
using Xunit;

namespace Mesh.Core.Tests.Health;

public class MachineProperties
{
    [Fact]
    public void No_step_throws_whatever_happens() => Properties.Hold(
        Histories.AnyPolicy.Zip(Histories.Any),
        given => Histories.Lead(given.Item1, given.Item2, (_, _, _, step) =>
        {
            Assert.NotNull(step.State);
            Assert.InRange(step.State.ToSnapshot().Weight, 1, 100_000);
        }),
        cases: 2000);

    [Fact]
    public void Effects_come_at_most_one_of_a_kind_saving_first_and_waking_last() => Properties.Hold(
        Histories.AnyPolicy.Zip(Histories.Any),
        given => Histories.Lead(given.Item1, given.Item2, (_, _, _, step) =>
        {
            Assert.Equal(step.Effects.Length, step.Effects.Select(e => e.GetType()).Distinct().Count());
            Assert.True(!step.Has<SaveState>() || step.Effects[0] is SaveState);
            Assert.True(!step.Has<WakeAt>() || step.Effects[^1] is WakeAt);
        }));

    [Fact]
    public void It_never_ejects_itself() => Properties.Hold(
        Histories.SanePolicy.Zip(Histories.Traffic),
        given => Histories.Lead(given.Item1, given.Item2, (_, _, _, step) => Assert.Null(step.State!.Ejection)));

    [Fact]
    public void It_never_leaves_an_ejection_before_its_time_but_by_forgiveness() => Properties.Hold(
        Histories.SanePolicy.Zip(Histories.Forward),
        given => Histories.Lead(given.Item1, given.Item2, (before, moment, now, step) =>
        {
            var left = before.Ejection is not null && step.State!.Ejection is null;
            var forgiven = moment.Happened is Restored || (moment.Happened is Registered again && !before.Spec.IsSameLife(again.Spec));
            Assert.True(!left || forgiven || now >= before.Ejection!.Until!.Value);
        }));

    [Fact]
    public void Nobody_is_ejected_for_ever_while_time_is_told() => Properties.Hold(
        Histories.SanePolicy.Zip(Histories.Forward),
        given =>
        {
            var state = Histories.Lead(given.Item1, given.Item2);
            var after = EndpointMachine.Step(state, new TimeElapsed(), given.Item1, DateTimeOffset.MaxValue, 0).State!;
            Assert.Null(after.Ejection);
        });

    [Fact]
    public void Whoever_calls_when_asked_to_sees_the_end_of_every_ejection_and_lease() => Properties.Hold(
        Histories.SanePolicy.Zip(Histories.Forward),
        given =>
        {
            var (policy, moments) = given;
            var state = Histories.Lead(policy, moments);
            var step = EndpointMachine.Step(state, new TimeElapsed(), policy, Given.Start, 0);
            for (var calls = 0; step.Find<WakeAt>() is { } wake; calls++)
            {
                Assert.True(calls < 10_000, "it asks to be woken again and again");
                step = EndpointMachine.Step(step.State, new TimeElapsed(), policy, wake.When, 0);
            }

            Assert.True(step.Has<RemoveEndpoint>() || step.State is { Ejection: null, LeaseExpires: null });
        });

    [Fact]
    public void Time_told_twice_changes_nothing_more() => Properties.Hold(
        Histories.AnyPolicy.Zip(Histories.Any),
        given =>
        {
            var (policy, moments) = given;
            var now = Given.At(100);
            var once = EndpointMachine.Step(Histories.Lead(policy, moments), new TimeElapsed(), policy, now, 0);
            var twice = EndpointMachine.Step(once.State, new TimeElapsed(), policy, now, 0);
            Assert.Equal(once.State, twice.State);
            Assert.DoesNotContain(twice.Effects, e => e is SaveState or HintService or ProposeEjection);
        });

    [Fact]
    public void It_never_asks_to_be_woken_in_the_past_when_time_was_just_told() => Properties.Hold(
        Histories.AnyPolicy.Zip(Histories.Any),
        given => Histories.Lead(given.Item1, given.Item2, (_, moment, now, step) =>
            Assert.True(moment.Happened is not TimeElapsed || step.Find<WakeAt>() is not { } wake || wake.When > now || now == DateTimeOffset.MaxValue)));

    [Fact]
    public void Whatever_is_visible_or_durable_and_changed_is_saved_or_hinted() => Properties.Hold(
        Histories.SanePolicy.Zip(Histories.Forward),
        given => Histories.Lead(given.Item1, given.Item2, (before, moment, _, step) =>
        {
            var after = step.State!;
            var changed = !SnapshotEquality.Same(before.ToSnapshot(), after.ToSnapshot());
            Assert.True(!changed || moment.Happened is not (TimeElapsed or LeaseRenewed or Recovered) || step.Has<HintService>());
            Assert.True(before.Ejection == after.Ejection || step.Has<SaveState>());
            Assert.True(before.Draining == after.Draining || step.Has<SaveState>());
            Assert.True(before.Spec == after.Spec || step.Has<SaveState>());
        }));

    [Fact]
    public void Every_state_that_can_be_reached_survives_json() => Properties.Hold(
        Histories.SanePolicy.Zip(Histories.Forward),
        given =>
        {
            var state = Histories.Lead(given.Item1, given.Item2);
            Assert.Equal(state, JsonSerializer.Deserialize<EndpointState>(JsonSerializer.Serialize(state)));
        });
}
