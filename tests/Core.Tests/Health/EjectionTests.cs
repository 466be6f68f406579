using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Xunit;

namespace Mesh.Core.Tests.Health;

public class EjectionTests
{
    [Fact]
    public void An_allowed_ejection_takes_it_out_for_the_base_time_is_saved_and_wakes_at_its_end()
    {
        var life = new Life();
        life.Sees(Given.Failures(5), at: 1);
        life.Ejected(at: 1);
        Assert.Equal(HealthStatus.Ejected, life.Status);
        Assert.Equal(new Ejection(Given.At(1), Given.At(31), "5 consecutive 5xx", false), life.State.Ejection);
        Assert.Equal("5 consecutive 5xx", life.State.Reason);
        Assert.Equal(1, life.State.EjectionMultiplier);
        Assert.Equal([new SaveState(), new WakeAt(Given.At(31))], life.Last.Effects);
    }

    [Fact]
    public void An_ejection_keeps_what_it_was_made_on_and_by_which_policy()
    {
        var evidence = new OutlierEvidence(OutlierDetector.ConsecutiveGatewayFailure, 6, 3);
        var life = new Life(new TrafficPolicy { Source = "DestinationRule/shop/cart@7" });
        life.On(EjectionAllowed.For(evidence), at: 1);
        Assert.Equal(evidence, life.State.Ejection!.Evidence);
        Assert.Equal(OutlierDetector.ConsecutiveGatewayFailure, life.State.Ejection.Detector);
        Assert.Equal("DestinationRule/shop/cart@7", life.State.Ejection.PolicySource);
        Assert.Equal("6 consecutive gateway failures", life.State.Ejection.Reason);
    }

    [Fact]
    public void An_ejection_by_hand_has_no_detector()
    {
        var life = new Life();
        life.On(new EjectionAllowed("by hand", Manual: true));
        Assert.Null(life.State.Ejection!.Detector);
        Assert.Null(life.State.Ejection.PolicySource);
    }

    [Fact]
    public void It_stays_out_until_the_very_moment_and_returns_to_probe()
    {
        var life = new Life().Ejected();
        life.On(new TimeElapsed(), at: 29.999);
        Assert.Equal(HealthStatus.Ejected, life.Status);
        Assert.Equal([new WakeAt(Given.At(30))], life.Last.Effects);
        life.On(new TimeElapsed(), at: 30);
        Assert.Equal(HealthStatus.Probing, life.Status);
        Assert.Equal("returning from ejection for 5 consecutive 5xx", life.State.Reason);
        Assert.Equal([new SaveState(), new HintService()], life.Last.Effects);
    }

    [Fact]
    public void Counters_are_cleared_on_return_and_kept_as_evidence_until_then()
    {
        var life = new Life();
        life.Sees(Given.Failures(7));
        life.Ejected();
        Assert.Equal(7, life.State.Runs.Consecutive5xx);
        life.On(new TimeElapsed(), at: 30);
        Assert.Equal(FailureRuns.None, life.State.Runs);
    }

    [Fact]
    public void A_second_verdict_on_an_ejected_endpoint_changes_nothing()
    {
        var life = new Life().Ejected();
        var before = life.State;
        life.Ejected(at: 10);
        Assert.Equal(before, life.State);
    }

    [Fact]
    public void An_order_by_hand_holds_for_the_base_time_without_jitter_or_multiplier()
    {
        var life = new Life(new OutlierDetection { MaxEjectionTimeJitter = TimeSpan.FromSeconds(10) }).Probing();
        life.On(new EjectionAllowed("maintenance", Manual: true), at: 100, roll: 0.5);
        Assert.Equal(Given.At(130), life.State.Ejection!.Until);
        Assert.True(life.State.Ejection.Manual);
        Assert.Equal(2, life.State.EjectionMultiplier);
    }

    [Fact]
    public void An_order_by_hand_may_prolong_an_ejection_without_counting_as_one_more()
    {
        var life = new Life().Ejected();
        life.On(new EjectionAllowed("longer", TimeSpan.FromMinutes(10), Manual: true), at: 5);
        Assert.Equal(Given.At(605), life.State.Ejection!.Until);
        Assert.Equal(1, life.State.EjectionMultiplier);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public void A_duration_that_is_none_means_the_policys(int seconds)
    {
        var life = new Life();
        life.On(new EjectionAllowed("x", TimeSpan.FromSeconds(seconds)));
        Assert.Equal(Given.At(30), life.State.Ejection!.Until);
    }

    [Fact]
    public void No_ejection_is_longer_than_a_year()
    {
        var life = new Life();
        life.On(new EjectionAllowed("x", TimeSpan.MaxValue, Manual: true));
        Assert.Equal(Given.Start + EjectionTimes.Longest, life.State.Ejection!.Until);
    }

    [Fact]
    public void Restoring_ends_it_at_once_and_forgives_everything()
    {
        var life = new Life();
        life.Sees(Given.Failures(5));
        life.Ejected();
        life.On(new Restored(), at: 1);
        Assert.Equal(Given.Endpoint(), life.State);
        Assert.Equal([new SaveState()], life.Last.Effects);
    }

    [Theory]
    [InlineData(1, 0, 30)]
    [InlineData(2, 0, 60)]
    [InlineData(9, 0, 270)]
    [InlineData(10, 0, 300)]
    [InlineData(11, 0, 300)]
    [InlineData(int.MaxValue, 0, 300)]
    [InlineData(1, 0.5, 35)]
    [InlineData(11, 0.5, 305)]
    [InlineData(1, 1.0, 30)]
    [InlineData(1, double.NaN, 30)]
    [InlineData(1, -1, 30)]
    public void It_lasts_base_times_multiplier_up_to_the_maximum_plus_jitter(int multiplier, double roll, double seconds)
    {
        var policy = new OutlierDetection { MaxEjectionTimeJitter = TimeSpan.FromSeconds(10) };
        Assert.Equal(TimeSpan.FromSeconds(seconds), EjectionTimes.Length(policy, multiplier, roll));
    }

    [Fact]
    public void A_maximum_below_the_base_is_the_base()
    {
        var policy = new OutlierDetection { MaxEjectionTime = TimeSpan.FromSeconds(1) };
        Assert.Equal(TimeSpan.FromSeconds(30), EjectionTimes.Length(policy, 3, 0));
    }

    [Fact]
    public void Absurd_times_in_a_policy_are_cut_instead_of_thrown()
    {
        var policy = new OutlierDetection
        {
            BaseEjectionTime = TimeSpan.MaxValue,
            MaxEjectionTime = TimeSpan.MinValue,
            MaxEjectionTimeJitter = TimeSpan.MaxValue,
        };
        Assert.Equal(EjectionTimes.Longest, EjectionTimes.Length(policy, int.MaxValue, 0.999));
        Assert.Equal(TimeSpan.Zero, EjectionTimes.Length(new OutlierDetection { BaseEjectionTime = TimeSpan.MinValue }, 1, 0));
    }

    [Fact]
    public void The_evidence_says_what_happened_in_words()
    {
        Assert.Equal("3 consecutive gateway failures", new OutlierEvidence(OutlierDetector.ConsecutiveGatewayFailure, 3, 3).Reason);
        Assert.Equal("6 consecutive local-origin failures", new OutlierEvidence(OutlierDetector.ConsecutiveLocalOriginFailure, 6, 3).Reason);
        Assert.Equal("1 failure while probing", new OutlierEvidence(OutlierDetector.FailedProbe, 1, 1).Reason);
        Assert.Equal("2 failures while probing", new OutlierEvidence(OutlierDetector.FailedProbe, 2, 1).Reason);
    }
}
