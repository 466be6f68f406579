using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Xunit;

namespace Mesh.Core.Tests.Health;

/// <summary>How active checks end an ejection, and when they may not.</summary>
public class ReturnTests
{
    private static readonly TrafficPolicy Policy = new() { HealthCheck = new HealthCheck() };

    private static Life Out(OutlierDetector detector, TrafficPolicy? policy = null, bool manual = false)
    {
        var life = new Life(policy ?? Policy);
        for (var i = 0; detector == OutlierDetector.ActiveHealthCheck && i < 3; i++)
        {
            life.Checked(false, "503");
        }

        life.On(new EjectionAllowed("why", Manual: manual) { Evidence = manual ? null : new OutlierEvidence(detector, 5, 5) }, life.Now);
        Assert.Equal(HealthStatus.Ejected, life.Status);
        return life;
    }

    [Fact]
    public void Passed_checks_disprove_failed_ones_and_it_warms_up_at_once()
    {
        var life = Out(OutlierDetector.ActiveHealthCheck);
        life.Checked(true);
        Assert.Equal(HealthStatus.Ejected, life.Status);
        life.Checked(true);
        Assert.Equal((HealthStatus.Healthy, 10), (life.Status, life.State.Warming?.Percent));
        Assert.Equal([typeof(SaveState), typeof(HintService), typeof(WakeAt)], life.Last.Effects.Select(e => e.GetType()));
        Assert.Null(life.State.LastMultiplierDecay);
    }

    [Fact]
    public void A_failed_check_between_the_passed_ones_starts_the_proof_anew()
    {
        var life = Out(OutlierDetector.ActiveHealthCheck);
        life.Checked(true);
        life.Checked(false);
        life.Checked(true);
        Assert.Equal(HealthStatus.Ejected, life.Status);
        life.Checked(true);
        Assert.Equal(HealthStatus.Healthy, life.Status);
    }

    [Fact]
    public void Passed_checks_end_an_ejection_for_failed_requests_before_its_time_but_traffic_has_to_prove_it()
    {
        var life = Out(OutlierDetector.Consecutive5xx);
        life.Checked(true);
        life.Checked(true);
        Assert.InRange(life.Now, 5, 10);
        Assert.Equal((HealthStatus.Probing, new Probe(0, "why")), (life.Status, life.State.Probe));
        Assert.Equal(FailureRuns.None, life.State.Runs);
        Assert.Equal(10, life.State.ToSnapshot().Weight);
        life.Sees(Given.Successes(3), life.Now);
        Assert.Equal((HealthStatus.Healthy, 10), (life.Status, life.State.Warming?.Percent));
    }

    [Fact]
    public void What_passed_or_began_before_the_ejection_does_not_count()
    {
        var life = new Life(Policy);
        life.Checked(true);
        life.ToCheck();
        life.Ejected(life.Now);
        life.On(new CheckEnded(true), life.Now);
        Assert.Equal(0, life.State.Checks!.Passed);
        life.Checked(true);
        Assert.Equal(HealthStatus.Ejected, life.Status);
        life.Checked(true);
        Assert.Equal(HealthStatus.Probing, life.Status);
    }

    [Fact]
    public void They_do_not_when_the_policy_forbids_it()
    {
        var life = Out(
            OutlierDetector.Consecutive5xx,
            Policy with { OutlierDetection = new OutlierDetection { SuccessfulActiveHealthCheckUnejectHost = false } });
        Passes(life, until: 29);
        Assert.Equal(HealthStatus.Ejected, life.Status);
        life.On(new TimeElapsed(), at: 30);
        Assert.Equal(HealthStatus.Probing, life.Status);
    }

    [Fact]
    public void Not_even_then_is_an_ejection_for_failed_checks_without_end()
    {
        var life = Out(
            OutlierDetector.ActiveHealthCheck,
            Policy with { OutlierDetection = new OutlierDetection { SuccessfulActiveHealthCheckUnejectHost = false } });
        life.Checked(true);
        life.Checked(true);
        Assert.Equal(HealthStatus.Healthy, life.Status);
    }

    [Fact]
    public void They_do_not_when_it_failed_real_traffic_after_they_had_passed()
    {
        var life = Out(OutlierDetector.FailedProbe);
        Passes(life, until: 29);
        Assert.Equal(HealthStatus.Ejected, life.Status);
        life.On(new TimeElapsed(), at: 30);
        Assert.Equal(HealthStatus.Probing, life.Status);
    }

    [Fact]
    public void They_do_not_end_what_somebody_ordered_by_hand()
    {
        var life = Out(OutlierDetector.Consecutive5xx, manual: true);
        Passes(life, until: 29);
        Assert.Equal(HealthStatus.Ejected, life.Status);
        life.On(new TimeElapsed(), at: 30);
        Assert.Equal(HealthStatus.Probing, life.Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whose_checks_fail_at_the_end_of_its_ejection_stays_out_until_they_pass(bool manual)
    {
        var life = Out(OutlierDetector.FailedProbe, manual: manual);
        for (var i = 0; i < 3; i++)
        {
            life.Checked(false, "503");
        }

        Assert.Equal(Given.At(30), life.State.Ejection!.Until);
        life.On(new TimeElapsed(), at: 30);
        Assert.Equal(HealthStatus.Ejected, life.Status);
        Assert.Equal("why; its checks fail: 503", life.State.Reason);
        Assert.Null(life.State.ToSnapshot().EjectedUntil);
        Assert.True(life.Last.Has<SaveState>() && life.Last.Has<HintService>());

        life.On(new CheckEnded(false), at: 30.1);
        Assert.Equal("why; its checks fail: 503", life.State.Reason);
        life.Checked(true);
        life.Checked(true);
        Assert.Equal(HealthStatus.Probing, life.Status);
    }

    [Fact]
    public void One_failed_check_at_the_end_of_an_ejection_does_not_hold_it()
    {
        var life = Out(OutlierDetector.FailedProbe);
        life.Checked(false);
        life.Checked(false);
        life.On(new TimeElapsed(), at: 30);
        Assert.Equal(HealthStatus.Probing, life.Status);
    }

    [Fact]
    public void A_check_that_passes_just_after_the_end_ends_it_too()
    {
        var life = Out(OutlierDetector.FailedProbe);
        Passes(life, until: 24);
        life.ToCheck();
        life.On(new CheckEnded(true), at: 31);
        Assert.Equal(HealthStatus.Probing, life.Status);
    }

    [Fact]
    public void A_policy_without_checks_frees_whoever_waits_for_them()
    {
        var life = Out(OutlierDetector.ActiveHealthCheck);
        var unchecked_ = TrafficPolicy.Default;
        var told = EndpointMachine.Step(life.State, new TrafficSeen(true), unchecked_, Given.At(20), 0);
        Assert.Equal(HealthStatus.Ejected, told.State!.Status);
        Assert.True(told.Find<WakeAt>()!.When <= Given.At(20));
        var freed = EndpointMachine.Step(told.State, new TimeElapsed(), unchecked_, Given.At(20), 0);
        Assert.Equal(HealthStatus.Probing, freed.State!.Status);
        Assert.Null(freed.Find<WakeAt>());
    }

    [Fact]
    public void A_policy_without_checks_does_not_hold_an_ejection_for_those_that_failed_before()
    {
        var life = Out(OutlierDetector.FailedProbe);
        for (var i = 0; i < 3; i++)
        {
            life.Checked(false);
        }

        Assert.Equal(HealthStatus.Probing, EndpointMachine.Step(life.State, new TimeElapsed(), TrafficPolicy.Default, Given.At(30), 0).State!.Status);
    }

    [Fact]
    public void Who_owed_traffic_a_proof_when_its_checks_failed_still_owes_it_when_they_pass()
    {
        var life = new Life(Policy).Probing();
        life.Sees(Given.Successes(2), life.Now);
        for (var i = 0; i < 3; i++)
        {
            life.Checked(false);
        }

        life.On(EjectionAllowed.For(life.Last.Find<ProposeEjection>()!.Evidence), life.Now);
        Assert.Equal(HealthStatus.Ejected, life.Status);
        life.Checked(true);
        life.Checked(true);
        Assert.Equal((HealthStatus.Probing, new Probe(0, "5 consecutive 5xx")), (life.Status, life.State.Probe));
        Assert.Equal(1, life.State.EjectionMultiplier);
    }

    [Fact]
    public void The_time_out_for_failed_checks_is_no_time_in_which_it_stayed_healthy()
    {
        var life = new Life(Policy with { OutlierDetection = new OutlierDetection { Interval = TimeSpan.FromMinutes(1) } }).Probing();
        life.Sees(Given.Successes(3), life.Now);
        for (var i = 0; i < 3; i++)
        {
            life.Checked(false);
        }

        life.On(EjectionAllowed.For(life.Last.Find<ProposeEjection>()!.Evidence), life.Now);
        life.On(new TimeElapsed(), life.Now + 500);
        life.Checked(true);
        life.Checked(true);
        Assert.Equal((1, Given.At(life.Now)), (life.State.EjectionMultiplier, life.State.LastMultiplierDecay));
    }

    [Fact]
    public void An_order_by_hand_takes_the_place_of_an_ejection_for_failed_checks()
    {
        var life = Out(OutlierDetector.ActiveHealthCheck);
        life.On(new EjectionAllowed("by hand", TimeSpan.FromMinutes(1), Manual: true), life.Now);
        Assert.Equal(Given.At(life.Now + 60), life.State.Ejection!.Until);
    }

    private static void Passes(Life life, double until)
    {
        while (life.Now + 5 < until)
        {
            life.Checked(true);
        }
    }
}
