using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Xunit;

namespace Mesh.Core.Tests.Health;

public class FailureTests
{
    [Fact]
    public void One_failure_is_no_run()
    {
        var life = new Life();
        life.Sees(Given.Failures(1));
        Assert.Equal(HealthStatus.Healthy, life.Status);
        Assert.Null(life.State.Reason);
    }

    [Fact]
    public void Two_failures_in_a_row_make_it_suspect_and_nothing_is_proposed_or_saved()
    {
        var life = new Life();
        life.Sees(Given.Failures(2));
        Assert.Equal(HealthStatus.Suspect, life.Status);
        Assert.Equal("a run of failures is under way", life.State.Reason);
        Assert.Empty(life.Last.Effects);
    }

    [Fact]
    public void A_success_ends_the_suspicion()
    {
        var life = new Life();
        life.Sees(Given.Failures(4));
        life.Sees(Given.Successes(1));
        Assert.Equal(HealthStatus.Healthy, life.Status);
        Assert.Equal(FailureRuns.None, life.State.Runs);
    }

    [Fact]
    public void At_the_threshold_it_proposes_itself_and_stays_in_rotation_until_answered()
    {
        var life = new Life();
        life.Sees(Given.Failures(4));
        Assert.False(life.Last.Has<ProposeEjection>());
        life.Sees(Given.Failures(1));
        var proposal = life.Last.Find<ProposeEjection>();
        Assert.Equal(new OutlierEvidence(OutlierDetector.Consecutive5xx, 5, 5), proposal?.Evidence);
        Assert.Equal("5 consecutive 5xx", proposal?.Reason);
        Assert.Equal(HealthStatus.Suspect, life.Status);
    }

    [Fact]
    public void Failures_that_several_proxies_saw_add_up()
    {
        var life = new Life();
        for (var proxy = 0; proxy < 5; proxy++)
        {
            Assert.False(life.Last.Has<ProposeEjection>());
            life.Sees(Given.Failures(1));
        }

        Assert.True(life.Last.Has<ProposeEjection>());
    }

    [Fact]
    public void A_refused_endpoint_stays_suspect_says_so_and_proposes_again_on_the_next_failure()
    {
        var life = new Life();
        life.Sees(Given.Failures(5));
        life.On(new EjectionRefused("0 of 3 are ejected and maxEjectionPercent is 10"));
        Assert.Equal(HealthStatus.Suspect, life.Status);
        Assert.Equal("not ejected: 0 of 3 are ejected and maxEjectionPercent is 10", life.State.Reason);
        Assert.Empty(life.Last.Effects);
        life.Sees(Given.Failures(1));
        Assert.Equal(6, life.Last.Find<ProposeEjection>()?.Evidence.Count);
        Assert.StartsWith("not ejected: ", life.State.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_first_refusal_of_a_run_is_kept_so_that_nothing_visible_flickers()
    {
        var life = new Life();
        life.Sees(Given.Failures(5));
        life.On(new EjectionRefused("first"));
        life.On(new EjectionRefused("second"));
        Assert.Equal("first", life.State.Refusal);
    }

    [Fact]
    public void A_success_forgets_the_refusal_even_when_failures_follow_it()
    {
        var life = new Life();
        life.Sees(Given.Failures(5));
        life.On(new EjectionRefused("full"));
        life.Sees(Given.Seen(1, 1, 1));
        Assert.Null(life.State.Refusal);
        Assert.Equal(HealthStatus.Healthy, life.Status);
    }

    [Fact]
    public void A_report_without_a_failure_does_not_repeat_a_proposal()
    {
        var life = new Life();
        life.Sees(Given.Failures(5));
        life.Sees(Given.Successes(0));
        Assert.False(life.Last.Has<ProposeEjection>());
        Assert.Equal(5, life.State.Runs.Consecutive5xx);
    }

    [Theory]
    [InlineData(0, 0, 0, 10, 10, 0)]
    [InlineData(0, 3, 0, 10, 0, 0)]
    [InlineData(0, 3, 0, 10, 3, 3)]
    [InlineData(0, 3, 0, 10, 0, 3)]
    public void A_threshold_of_zero_turns_a_detector_off(
        int fiveXx, int gatewayThreshold, int localThreshold, long failed, long gateway, long local)
    {
        var life = new Life(new OutlierDetection
        {
            Consecutive5xx = fiveXx,
            ConsecutiveGatewayFailure = gatewayThreshold,
            ConsecutiveLocalOriginFailure = localThreshold,
            SplitExternalLocalOriginErrors = true,
        });
        life.Sees(Given.Failures(failed, gateway, local));
        Assert.False(life.Last.Has<ProposeEjection>());
    }

    [Fact]
    public void What_is_out_of_rotation_is_not_judged_by_late_reports()
    {
        var ejected = new Life().Ejected();
        var before = ejected.State;
        ejected.Sees(Given.Failures(100));
        Assert.Equal(before, ejected.State);
        Assert.False(ejected.Last.Has<ProposeEjection>());

        var drained = new Life();
        drained.On(new Drained());
        drained.Sees(Given.Failures(100));
        Assert.False(drained.Last.Has<ProposeEjection>());
        Assert.Equal(FailureRuns.None, drained.State.Runs);
    }

    [Fact]
    public void A_refusal_that_comes_too_late_changes_nothing()
    {
        var life = new Life().Ejected();
        life.On(new EjectionRefused("full"));
        Assert.Null(life.State.Refusal);
    }
}
