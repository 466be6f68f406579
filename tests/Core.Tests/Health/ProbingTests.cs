using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Xunit;

namespace Mesh.Core.Tests.Health;

public class ProbingTests
{
    [Fact]
    public void A_failed_proof_names_the_proxies_that_saw_it_fail()
    {
        var life = new Life().Probing();
        life.Sees(Given.Failures(3) with { Sources = [new("p1", 2, FailureRuns.None), new("", 1, FailureRuns.None)] }, at: 31);

        Assert.Equal([new("p1", 2), new("", 1)], life.Last.Find<ProposeEjection>()!.Evidence.Sources);
    }

    [Fact]
    public void A_probing_endpoint_takes_a_tenth_of_its_weight()
    {
        var snapshot = new Life().Probing().State.ToSnapshot();
        Assert.Equal(10, snapshot.Weight);
        Assert.True(snapshot.InRotation);
        Assert.Null(snapshot.EjectedUntil);
        Assert.Equal(1, snapshot.EjectionMultiplier);
    }

    [Fact]
    public void Three_successes_in_a_row_prove_it()
    {
        var life = new Life(Given.Policy.Whole() with { Warmup = Given.NoWarmup }).Probing();
        life.Sees(Given.Successes(1), at: 31);
        life.Sees(Given.Successes(1), at: 32);
        Assert.Equal(HealthStatus.Probing, life.Status);
        Assert.Empty(life.Last.Effects);
        life.Sees(Given.Successes(1), at: 33);
        Assert.Equal(HealthStatus.Healthy, life.Status);
        Assert.Equal(Given.At(33), life.State.LastMultiplierDecay);
        Assert.Equal([new SaveState(), new WakeAt(Given.At(43))], life.Last.Effects);
    }

    [Fact]
    public void What_condemns_it_names_the_proxies_that_saw_it()
    {
        var life = new Life().Probing();
        life.Sees(Given.Failures(3) with { Sources = [new("p1", 2, FailureRuns.None), new("", 1, FailureRuns.None)] }, at: 31);
        Assert.Equal([new("p1", 2), new EvidenceSource("", 1)], life.Last.Find<ProposeEjection>()!.Evidence.Sources);
    }

    [Fact]
    public void One_failed_period_proposes_it_again_and_the_next_ejection_is_longer()
    {
        var life = new Life().Probing();
        life.Sees(Given.Successes(2), at: 31);
        life.Sees(Given.Failures(1), at: 32);
        Assert.Equal(new OutlierEvidence(OutlierDetector.FailedProbe, 1, 1), life.Last.Find<ProposeEjection>()?.Evidence);
        Assert.Equal(0, life.State.Probe!.Succeeded);
        life.Ejected(at: 32);
        Assert.Equal(2, life.State.EjectionMultiplier);
        Assert.Equal(Given.At(92), life.State.Ejection!.Until);
    }

    [Theory]
    [InlineData(2, 1, false)]
    [InlineData(4, 1, false)]
    [InlineData(5, 1, true)]
    [InlineData(999, 1, true)]
    [InlineData(8, 3, false)]
    [InlineData(9, 3, true)]
    [InlineData(100, 100, false)]
    [InlineData(long.MaxValue, long.MaxValue, false)]
    public void A_mixed_period_proves_it_only_if_three_successes_in_a_row_must_be_in_it(long succeeded, long failed, bool proven)
    {
        var life = new Life().Probing();
        life.Sees(Given.Seen(succeeded, failed, 0), at: 31);
        Assert.Equal(proven ? HealthStatus.Healthy : HealthStatus.Probing, life.Status);
        Assert.Equal(!proven, life.Last.Has<ProposeEjection>());
    }

    [Fact]
    public void A_proven_endpoint_that_ends_the_period_with_a_run_of_failures_is_proposed_for_that()
    {
        var life = new Life().Probing();
        life.Sees(Given.Seen(100, 5, 5), at: 31);
        Assert.Null(life.State.Probe);
        Assert.Equal(OutlierDetector.Consecutive5xx, life.Last.Find<ProposeEjection>()?.Evidence.Detector);
    }

    [Fact]
    public void A_refused_probe_goes_on_at_the_low_weight_and_says_why()
    {
        var life = new Life().Probing();
        life.Sees(Given.Failures(1), at: 31);
        life.On(new EjectionRefused("full"), at: 31);
        Assert.Equal(HealthStatus.Probing, life.Status);
        Assert.Equal("not ejected: full", life.State.Reason);
    }

    [Fact]
    public void A_failed_period_starts_the_proof_anew()
    {
        var life = new Life().Probing();
        life.Sees(Given.Seen(4, 1, 0), at: 31);
        life.On(new EjectionRefused("full"), at: 31);
        life.Sees(Given.Successes(2), at: 32);
        Assert.Equal(HealthStatus.Probing, life.Status);
        life.Sees(Given.Successes(1), at: 33);
        Assert.Equal(HealthStatus.Healthy, life.Status);
    }

    [Fact]
    public void Failures_that_no_detector_looks_at_do_not_condemn_it_and_do_not_prove_it()
    {
        var life = new Life(new OutlierDetection { Consecutive5xx = 0 }).Probing();
        life.Sees(Given.Failures(10), at: 31);
        Assert.Equal(HealthStatus.Probing, life.Status);
        Assert.False(life.Last.Has<ProposeEjection>());
        life.Sees(Given.Seen(3, 10, 10), at: 32);
        Assert.Equal(HealthStatus.Healthy, life.Status);
    }

    [Fact]
    public void An_empty_report_proves_nothing()
    {
        var life = new Life().Probing();
        life.Sees(Given.Successes(0), at: 31);
        Assert.Equal(new Probe(0, "5 consecutive 5xx"), life.State.Probe);
    }
}
