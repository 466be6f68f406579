using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Xunit;

namespace Mesh.Core.Tests.Health;

public class CheckTests
{
    private static readonly HealthCheck Check = new();

    private static readonly TrafficPolicy Policy = new() { HealthCheck = Check, Source = "DestinationRule/shop/cart@1" };

    private static Life Checked(TrafficPolicy? policy = null)
    {
        var life = new Life(policy ?? Policy);
        life.On(new TimeElapsed());
        return life;
    }

    [Fact]
    public void Without_a_check_in_the_policy_nothing_is_checked()
    {
        var life = new Life();
        life.On(new TimeElapsed(), at: 1000);
        Assert.Null(life.State.Checks);
        Assert.Empty(life.Last.Effects);
        life.On(new CheckEnded(false), at: 1000);
        Assert.Null(life.State.Checks);
    }

    [Fact]
    public void The_first_check_comes_within_an_interval_and_asks_for_what_the_policy_says()
    {
        var life = Checked();
        var run = life.ToCheck();
        Assert.Same(Check, run.Check);
        Assert.InRange(life.Now, 0.001, 5);
        Assert.True(life.State.Checks!.UnderWay);
    }

    [Fact]
    public void The_next_check_comes_an_interval_after_the_last_however_late_the_last_was_begun()
    {
        var life = Checked();
        life.ToCheck();
        var first = life.Now;
        life.On(new CheckEnded(true), first + 0.5);
        Assert.Equal(new WakeAt(Given.At(first + 5)), life.Last.Find<WakeAt>());
        life.On(new TimeElapsed(), first + 7);
        Assert.True(life.Last.Has<RunCheck>());
        life.On(new CheckEnded(true), first + 7);
        Assert.Equal(new WakeAt(Given.At(first + 10)), life.Last.Find<WakeAt>());
    }

    [Fact]
    public void Of_a_check_under_way_no_second_is_begun_but_one_that_never_ends_is_given_up_after_its_time_out()
    {
        var life = Checked(Policy with { HealthCheck = Check with { Interval = TimeSpan.FromSeconds(1), Timeout = TimeSpan.FromSeconds(3) } });
        life.ToCheck();
        var first = life.Now;
        Assert.Equal(new WakeAt(Given.At(first + 4)), life.Last.Find<WakeAt>());
        life.On(new TimeElapsed(), first + 3.9);
        Assert.False(life.Last.Has<RunCheck>());
        life.On(new TimeElapsed(), first + 4);
        Assert.True(life.Last.Has<RunCheck>());
    }

    [Fact]
    public void An_answer_that_nobody_waits_for_counts_for_nothing()
    {
        var life = Checked();
        life.Checked(false);
        var before = life.State;
        life.On(new CheckEnded(false), life.Now);
        Assert.Equal(before, life.State);
    }

    [Fact]
    public void A_check_whose_result_changes_nothing_visible_is_neither_saved_nor_told()
    {
        var life = Checked();
        foreach (var passed in new[] { true, true, false, true, false, false, true, true, true })
        {
            life.Checked(passed, passed ? null : "503");
            Assert.Equal([typeof(WakeAt)], life.Last.Effects.Select(e => e.GetType()));
            Assert.Equal(HealthStatus.Healthy, life.Status);
            Assert.Null(life.State.Reason);
        }
    }

    [Fact]
    public void What_the_checks_have_shown_can_be_said_in_a_line()
    {
        var life = Checked();
        Assert.Equal("none has ended yet", life.State.Checks!.Summary);
        life.ToCheck();
        life.On(new CheckEnded(true), at: 7);
        Assert.Equal("1 passed in a row, the last at 12:00:07Z", life.State.Checks.Summary);
        life.ToCheck();
        life.On(new CheckEnded(false, "503"), at: 12.5);
        Assert.Equal("1 failed in a row, the last at 12:00:12Z: 503", life.State.Checks.Summary);
    }

    [Fact]
    public void Failed_checks_in_a_row_propose_it_with_what_the_last_one_said()
    {
        var life = Checked();
        life.Checked(false, "503");
        var since = Given.At(life.Now);
        life.Checked(false, "503");
        Assert.False(life.Last.Has<ProposeEjection>());
        life.Checked(false, "connection refused");
        Assert.Equal(
            new OutlierEvidence(OutlierDetector.ActiveHealthCheck, 3, 3) { Since = since, Note = "connection refused" },
            life.Last.Find<ProposeEjection>()?.Evidence);
        Assert.Equal((HealthStatus.Suspect, "its checks fail: connection refused"), (life.Status, life.State.Reason));
        Assert.True(life.Last.Has<HintService>());
        Assert.False(life.Last.Has<SaveState>());
    }

    [Fact]
    public void A_passed_check_between_the_failed_ones_starts_the_count_anew()
    {
        var life = Checked();
        foreach (var passed in new[] { false, false, true, false, false })
        {
            life.Checked(passed);
        }

        Assert.False(life.Last.Has<ProposeEjection>());
        Assert.Equal((0, 2), (life.State.Checks!.Passed, life.State.Checks.Failed));
    }

    [Fact]
    public void It_proposes_itself_at_each_failed_check_as_long_as_it_is_in_rotation_and_says_the_same_to_people()
    {
        var life = Failing();
        life.Checked(false, "no answer in 1 s");
        Assert.Equal(4, life.Last.Find<ProposeEjection>()?.Evidence.Count);
        Assert.Equal("its checks fail: 503", life.State.Reason);
        Assert.False(life.Last.Has<HintService>());
        Assert.Equal(4, EndpointMachine.Standing(life.State, life.Policy)?.Count);
        life.Allow();
        life.Checked(false);
        Assert.False(life.Last.Has<ProposeEjection>());
        Assert.Null(EndpointMachine.Standing(life.State, life.Policy));
    }

    [Fact]
    public void Between_the_thresholds_it_stays_what_it_was()
    {
        var life = Failing();
        life.Checked(true);
        Assert.Equal(HealthStatus.Suspect, life.Status);
        Assert.Null(EndpointMachine.Standing(life.State, life.Policy));
        life.Checked(false, "404");
        Assert.Equal((1, 1), (life.Last.Find<ProposeEjection>()?.Evidence.Count, life.Last.Find<ProposeEjection>()?.Evidence.Threshold));
        life.Checked(true);
        life.Checked(true);
        Assert.Equal((HealthStatus.Healthy, (string?)null), (life.Status, life.State.Reason));
        Assert.True(life.Last.Has<HintService>());
    }

    [Fact]
    public void Whom_the_budget_spares_it_spares_until_the_checks_pass_whatever_traffic_says()
    {
        var life = Failing();
        life.On(new EjectionRefused("panic"), life.Now);
        life.Sees(Given.Successes(5), life.Now);
        Assert.Equal("not ejected: panic", life.State.Reason);
        life.Checked(true);
        life.Checked(true);
        Assert.Equal((HealthStatus.Healthy, (string?)null), (life.Status, life.State.Refusal));
    }

    [Fact]
    public void An_ejection_for_failed_checks_has_no_end_in_time_and_is_no_step_of_the_multiplier()
    {
        var life = Failing().Allow();
        Assert.Equal(
            new Ejection(Given.At(life.Now), null, "why", false)
            {
                Evidence = new OutlierEvidence(OutlierDetector.ActiveHealthCheck, 3, 3),
                PolicySource = Policy.Source,
            },
            life.State.Ejection);
        Assert.True(life.Last.Has<SaveState>());
        Assert.Equal(0, life.State.EjectionMultiplier);
        life.On(new TimeElapsed(), at: 1e6);
        Assert.Equal(HealthStatus.Ejected, life.Status);
    }

    [Fact]
    public void A_verdict_that_comes_after_the_checks_have_passed_again_is_void()
    {
        var life = Failing();
        life.Checked(true);
        life.Checked(true);
        life.Allow();
        Assert.Equal(HealthStatus.Healthy, life.Status);
    }

    [Fact]
    public void A_restart_forgets_the_counts_and_waits_for_the_next_moment()
    {
        var life = Failing();
        life.On(new Recovered(), at: 1000);
        Assert.Equal(new EndpointChecks { After = Given.At(1000) }, life.State.Checks);
        Assert.Equal(HealthStatus.Healthy, life.Status);
        Assert.True(life.Last.Has<HintService>());
        Assert.InRange(life.Last.Find<WakeAt>()!.When, Given.At(1000.001), Given.At(1005));
    }

    [Fact]
    public void Who_leaves_is_not_checked_and_who_comes_back_is()
    {
        var life = Failing();
        life.On(new Drained(), life.Now);
        Assert.Null(life.State.Checks);
        Assert.Empty(life.Last.Effects.Where(e => e is WakeAt));
        life.On(new Restored(), life.Now);
        Assert.Equal(0, life.State.Checks!.Failed);

        var expiring = new Life(Policy, lease: TimeSpan.FromSeconds(4));
        expiring.On(new TimeElapsed(), at: 4);
        Assert.Null(expiring.State.Checks);
        expiring.On(new LeaseRenewed(), at: 5);
        Assert.NotNull(expiring.State.Checks);
    }

    [Fact]
    public void A_clock_that_is_set_back_does_not_put_the_checks_off()
    {
        var life = Checked();
        life.Checked(false);
        life.ToCheck();
        life.On(new TimeElapsed(), at: -3600);
        Assert.False(life.State.Checks!.UnderWay);
        Assert.InRange(life.Last.Find<WakeAt>()!.When, Given.At(-3600), Given.At(-3595));
        Assert.Equal(1, life.State.Checks.Failed);
    }

    [Fact]
    public void While_nobody_sends_requests_a_healthy_one_is_checked_more_rarely()
    {
        var life = Checked();
        life.On(new TrafficSeen(false));
        life.ToCheck();
        Assert.InRange(life.Now, 0.001, 5);
        var first = life.Now;
        life.On(new CheckEnded(true), first);
        life.ToCheck();
        var second = life.Now;
        Assert.InRange(second, first + 0.001, first + 60);
        life.On(new CheckEnded(true), second);
        Assert.Equal(new WakeAt(Given.At(second + 60)), life.Last.Find<WakeAt>());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void While_something_is_undecided_the_usual_interval_holds_without_traffic_too(int failed)
    {
        var life = Checked();
        life.On(new TrafficSeen(false));
        for (var i = 0; i < failed; i++)
        {
            life.Checked(false);
        }

        Assert.InRange(life.Last.Find<WakeAt>()!.When, Given.At(life.Now), Given.At(life.Now + 5));
        if (failed == 3)
        {
            life.Allow();
            Assert.InRange(life.Last.Find<WakeAt>()!.When, Given.At(life.Now), Given.At(life.Now + 5));
        }
    }

    [Fact]
    public void The_first_request_brings_the_usual_interval_back_and_not_all_endpoints_at_once()
    {
        var idle = Checked();
        idle.On(new TrafficSeen(false));
        idle.Checked(true);
        idle.Checked(true);
        var wake = idle.Last.Find<WakeAt>()!.When;
        var at = idle.Now + 50.5;
        idle.Sees(Given.Successes(1), at);
        Assert.False(idle.State.Checks!.Idle);
        Assert.InRange(idle.Last.Find<WakeAt>()!.When, Given.At(at), Given.At(at + 5));
        Assert.True(wake > Given.At(at));
    }

    [Fact]
    public void A_report_without_requests_is_no_traffic()
    {
        var life = Checked();
        life.On(new TrafficSeen(false));
        life.Sees(Given.Successes(0));
        Assert.True(life.State.Checks!.Idle);
        life.Sees(Given.Failures(1));
        Assert.False(life.State.Checks!.Idle);
    }

    [Fact]
    public void To_hear_of_traffic_again_changes_nothing_and_a_check_under_way_goes_on()
    {
        var life = Checked();
        life.On(new TrafficSeen(true));
        var before = life.State;
        life.On(new TrafficSeen(true), at: 1);
        Assert.Equal(before, life.State);
        life.ToCheck();
        life.On(new TrafficSeen(false), life.Now);
        life.On(new TrafficSeen(true), life.Now + 0.5);
        Assert.Equal(before.Checks! with { After = life.State.Checks!.After, UnderWay = true }, life.State.Checks);
        Assert.NotEqual(Given.At(life.Now), life.State.Checks.After);
    }

    [Fact]
    public void Thresholds_of_nothing_are_one()
    {
        var life = Checked(Policy with { HealthCheck = Check with { UnhealthyThreshold = 0, HealthyThreshold = -1 } });
        life.Checked(true);
        Assert.False(life.State.Checks!.Failing);
        life.Checked(false);
        Assert.Equal(1, life.Last.Find<ProposeEjection>()?.Evidence.Threshold);
        life.Allow();
        life.Checked(false);
        Assert.Equal(HealthStatus.Ejected, life.Status);
        life.Checked(true);
        Assert.Equal(HealthStatus.Healthy, life.Status);
    }

    [Fact]
    public void Thousands_of_endpoints_are_checked_evenly_over_the_interval()
    {
        var moments = new int[50];
        var distinct = new HashSet<DateTimeOffset>();
        for (var i = 0; i < 5000; i++)
        {
            var spec = Given.Spec($"e{i % 100}") with { Address = $"10.0.{i / 100}.7" };
            var next = CheckSchedule.Next(spec, TimeSpan.FromSeconds(5), Given.Start);
            Assert.InRange(next, Given.Start.AddTicks(1), Given.At(5));
            moments[((int)(next - Given.Start).TotalMilliseconds - 1) / 100]++;
            distinct.Add(next);
        }

        // A hundred in each tenth of a second; six standard deviations either way.
        Assert.All(moments, count => Assert.InRange(count, 40, 160));
        // Fifty at a time, because to wake costs more than to check.
        Assert.Equal(100, distinct.Count);
    }

    [Fact]
    public void The_moments_of_an_endpoint_are_the_same_whoever_asks_and_an_interval_apart()
    {
        var spec = Given.Spec("x");
        var first = CheckSchedule.Next(spec, TimeSpan.FromSeconds(5), Given.Start);
        Assert.Equal(first + TimeSpan.FromSeconds(5), CheckSchedule.Next(spec, TimeSpan.FromSeconds(5), first));
        Assert.Equal(first, CheckSchedule.Next(spec, TimeSpan.FromSeconds(5), first.AddTicks(-1)));
        Assert.NotEqual(first, CheckSchedule.Next(spec with { Port = 8081 }, TimeSpan.FromSeconds(5), Given.Start));
        Assert.NotEqual(first, CheckSchedule.Next(spec with { Address = "10.0.0.2" }, TimeSpan.FromSeconds(5), Given.Start));
        Assert.NotEqual(first, CheckSchedule.Next(spec with { Id = "y" }, TimeSpan.FromSeconds(5), Given.Start));
    }

    [Fact]
    public void Absurd_intervals_and_times_have_a_next_moment_too()
    {
        Assert.Equal(DateTimeOffset.MaxValue, CheckSchedule.Next(Given.Spec(), TimeSpan.FromSeconds(5), DateTimeOffset.MaxValue));
        Assert.InRange(CheckSchedule.Next(Given.Spec(), TimeSpan.MinValue, Given.Start), Given.Start.AddTicks(1), Given.At(0.1));
        Assert.True(CheckSchedule.Next(Given.Spec(), TimeSpan.MaxValue, Given.Start) > Given.Start);
        Assert.InRange(
            CheckSchedule.Next(Given.Spec(), TimeSpan.FromDays(1), DateTimeOffset.MinValue),
            DateTimeOffset.MinValue.AddTicks(1),
            DateTimeOffset.MinValue.AddDays(1));
    }

    private static Life Failing()
    {
        var life = Checked();
        for (var i = 0; i < 3; i++)
        {
            life.Checked(false, "503");
        }

        return life;
    }
}

file static class Verdicts
{
    public static Life Allow(this Life life)
    {
        life.On(new EjectionAllowed("why") { Evidence = new OutlierEvidence(OutlierDetector.ActiveHealthCheck, 3, 3) }, life.Now);
        return life;
    }
}
