using Mesh.Core.Health;
using Mesh.Core.Policies;
using Xunit;

namespace Mesh.Core.Tests.Health;

public class DecayTests
{
    /// <summary>Ejected three times, proven at second 1000.</summary>
    private static Life Proven(OutlierDetection? policy = null, TimeSpan? lease = null)
    {
        var life = new Life((policy ?? Given.Policy).Whole() with { Warmup = Given.NoWarmup }).Probing();
        life.Ejected(at: 100);
        life.On(new TimeElapsed(), at: 200);
        life.Ejected(at: 300);
        life.On(new TimeElapsed(), at: 500);
        life.On(new Registered(Given.Spec(lease: lease)), at: 1000);
        life.Sees(Given.Successes(3), at: 1000);
        Assert.Equal(3, life.State.EjectionMultiplier);
        return life;
    }

    [Fact]
    public void The_multiplier_shrinks_by_one_with_each_interval_in_full_rotation()
    {
        var life = Proven();
        life.On(new TimeElapsed(), at: 1009.9);
        Assert.Equal(3, life.State.EjectionMultiplier);
        Assert.Equal([new WakeAt(Given.At(1010))], life.Last.Effects);
        life.On(new TimeElapsed(), at: 1010);
        Assert.Equal(2, life.State.EjectionMultiplier);
        Assert.Equal([new SaveState(), new HintService(), new WakeAt(Given.At(1020))], life.Last.Effects);
    }

    [Fact]
    public void Several_intervals_at_once_count_for_as_many_and_nothing_is_lost_of_a_part()
    {
        var life = Proven();
        life.On(new TimeElapsed(), at: 1029);
        Assert.Equal(1, life.State.EjectionMultiplier);
        Assert.Equal(Given.At(1020), life.State.LastMultiplierDecay);
        life.On(new TimeElapsed(), at: 1030);
        Assert.Equal(0, life.State.EjectionMultiplier);
        Assert.Null(life.State.LastMultiplierDecay);
        Assert.False(life.Last.Has<WakeAt>());
    }

    [Fact]
    public void It_does_not_shrink_below_nothing()
    {
        var life = Proven();
        life.On(new TimeElapsed(), at: 1e9);
        Assert.Equal(0, life.State.EjectionMultiplier);
    }

    [Fact]
    public void A_suspicion_does_not_stop_it_as_in_envoy()
    {
        var life = Proven();
        life.Sees(Given.Failures(2), at: 1001);
        life.On(new TimeElapsed(), at: 1010);
        Assert.Equal(HealthStatus.Suspect, life.Status);
        Assert.Equal(2, life.State.EjectionMultiplier);
    }

    [Fact]
    public void The_time_of_a_proof_or_an_ejection_does_not_count()
    {
        var life = Proven();
        life.Ejected(at: 1005);
        Assert.Equal(4, life.State.EjectionMultiplier);
        life.On(new TimeElapsed(), at: 2000);
        life.On(new TimeElapsed(), at: 9000);
        Assert.Equal(HealthStatus.Probing, life.Status);
        Assert.Equal(4, life.State.EjectionMultiplier);
        Assert.Empty(life.Last.Effects);
    }

    [Fact]
    public void The_time_without_a_lease_or_while_draining_does_not_count()
    {
        var life = Proven(lease: TimeSpan.FromSeconds(5));
        life.On(new TimeElapsed(), at: 1005);
        Assert.Equal(HealthStatus.Expired, life.Status);
        life.On(new TimeElapsed(), at: 1050);
        life.On(new LeaseRenewed(), at: 1050);
        Assert.Equal((3, Given.At(1050)), (life.State.EjectionMultiplier, life.State.LastMultiplierDecay!.Value));

        var drained = Proven();
        drained.On(new Drained(), at: 1001);
        drained.On(new TimeElapsed(), at: 5000);
        Assert.Equal(3, drained.State.EjectionMultiplier);
        Assert.Empty(drained.Last.Effects);
    }

    [Fact]
    public void A_renewal_in_time_does_not_move_it()
    {
        var life = Proven(lease: TimeSpan.FromMinutes(1));
        life.On(new LeaseRenewed(), at: 1005);
        Assert.Equal(Given.At(1000), life.State.LastMultiplierDecay);
    }

    [Fact]
    public void An_interval_of_nothing_is_a_millisecond()
    {
        var life = Proven(new OutlierDetection { Interval = TimeSpan.Zero });
        life.On(new TimeElapsed(), at: 1000.001);
        Assert.Equal(2, life.State.EjectionMultiplier);
    }

    [Fact]
    public void The_earliest_of_several_deadlines_is_waited_for()
    {
        var life = Proven(lease: TimeSpan.FromSeconds(60));
        Assert.Equal(new WakeAt(Given.At(1010)), life.Last.Find<WakeAt>());
        life.On(new TimeElapsed(), at: 1030);
        Assert.Equal(new WakeAt(Given.At(1060)), life.Last.Find<WakeAt>());
        life.Ejected(at: 1031, duration: TimeSpan.FromSeconds(5));
        Assert.Equal(new WakeAt(Given.At(1036)), life.Last.Find<WakeAt>());
    }
}
