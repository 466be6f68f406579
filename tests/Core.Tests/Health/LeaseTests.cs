using System.Collections.Immutable;
using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Snapshots;
using Xunit;

namespace Mesh.Core.Tests.Health;

public class LeaseTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_new_endpoint_is_healthy_saved_and_wakes_when_its_lease_ends()
    {
        var step = EndpointMachine.Step(null, new Registered(Given.Spec(lease: Lease)), Given.Policy.Whole(), Given.Start, 0);
        Assert.Equal(HealthStatus.Healthy, step.State!.Status);
        Assert.Equal(Given.Start, step.State.RegisteredAt);
        Assert.Equal([new SaveState(), new WakeAt(Given.At(30))], step.Effects);
    }

    [Fact]
    public void An_endpoint_without_a_lease_never_needs_to_be_woken()
    {
        var life = new Life();
        life.On(new TimeElapsed(), at: 1e9);
        Assert.Equal(HealthStatus.Healthy, life.Status);
        Assert.Empty(life.Last.Effects);
    }

    [Fact]
    public void Nothing_but_a_registration_makes_an_endpoint()
    {
        EndpointEvent[] events =
        [
            new LeaseRenewed(), new Recovered(), new Drained(), new Restored(), new ObservationReceived(Given.Failures(9)),
            new EjectionAllowed("x"), new EjectionRefused("x"), new TimeElapsed(),
        ];
        foreach (var happened in events)
        {
            var step = EndpointMachine.Step(null, happened, Given.Policy.Whole(), Given.Start, 0);
            Assert.Null(step.State);
            Assert.Empty(step.Effects);
        }
    }

    [Fact]
    public void A_renewal_moves_the_end_and_is_not_written_to_disk()
    {
        var life = new Life(lease: Lease);
        life.On(new LeaseRenewed(), at: 20);
        Assert.Equal(Given.At(50), life.State.LeaseExpires);
        Assert.Equal([new WakeAt(Given.At(50))], life.Last.Effects);
    }

    [Fact]
    public void A_lease_that_runs_out_takes_it_out_of_rotation_at_that_moment()
    {
        var life = new Life(lease: Lease);
        life.On(new TimeElapsed(), at: 29.9);
        Assert.Equal(HealthStatus.Healthy, life.Status);
        life.On(new TimeElapsed(), at: 30);
        Assert.Equal(HealthStatus.Expired, life.Status);
        Assert.Equal("lease not renewed", life.State.Reason);
        Assert.False(life.State.ToSnapshot().InRotation);
        Assert.Equal([new SaveState(), new HintService(), new WakeAt(Given.At(120))], life.Last.Effects);
    }

    [Fact]
    public void It_is_removed_after_the_grace_and_not_before()
    {
        var life = new Life(lease: Lease);
        life.On(new TimeElapsed(), at: 30);
        life.On(new TimeElapsed(), at: 119.9);
        Assert.Equal([new WakeAt(Given.At(120))], life.Last.Effects);
        life.On(new TimeElapsed(), at: 120);
        Assert.Equal([new RemoveEndpoint()], life.Last.Effects);
    }

    [Fact]
    public void Only_time_removes_it()
    {
        var life = new Life(lease: Lease);
        life.On(new TimeElapsed(), at: 30);
        life.Sees(Given.Failures(1), at: 1000);
        Assert.Equal([new WakeAt(Given.At(120))], life.Last.Effects);
    }

    [Theory]
    [InlineData(1, 60)]
    [InlineData(20, 60)]
    [InlineData(21, 63)]
    [InlineData(60, 180)]
    public void The_grace_is_three_leases_and_at_least_a_minute(int lease, int grace) =>
        Assert.Equal(TimeSpan.FromSeconds(grace), EndpointMachine.Grace(TimeSpan.FromSeconds(lease)));

    [Fact]
    public void Absurd_leases_do_not_overflow()
    {
        Assert.Equal(TimeSpan.MaxValue, EndpointMachine.Grace(TimeSpan.MaxValue));
        Assert.Equal(TimeSpan.FromMinutes(1), EndpointMachine.Grace(TimeSpan.MinValue));
        Assert.Equal(DateTimeOffset.MaxValue, new Life(lease: TimeSpan.MaxValue).State.LeaseExpires);
    }

    [Fact]
    public void A_renewal_brings_an_expired_one_back_and_the_service_hears_of_it()
    {
        var life = new Life(lease: Lease);
        life.On(new TimeElapsed(), at: 30);
        life.On(new LeaseRenewed(), at: 40);
        Assert.Equal(HealthStatus.Healthy, life.Status);
        Assert.Equal([new SaveState(), new HintService(), new WakeAt(Given.At(70))], life.Last.Effects);
    }

    [Fact]
    public void Expiry_hides_an_ejection_and_a_renewal_shows_it_again()
    {
        var life = new Life(lease: Lease);
        life.Ejected(at: 10, duration: TimeSpan.FromHours(1));
        life.On(new TimeElapsed(), at: 30);
        Assert.Equal(HealthStatus.Expired, life.Status);
        Assert.Null(life.State.ToSnapshot().EjectedUntil);
        life.On(new LeaseRenewed(), at: 31);
        Assert.Equal(HealthStatus.Ejected, life.Status);
        Assert.Equal(Given.At(3610), life.State.ToSnapshot().EjectedUntil);
    }

    [Fact]
    public void The_same_instance_again_only_renews()
    {
        var life = new Life(lease: Lease);
        life.Sees(Given.Failures(3));
        var runs = life.State.Runs;
        life.On(new Registered(Given.Spec(lease: Lease)), at: 10);
        Assert.Equal(runs, life.State.Runs);
        Assert.Equal((Given.Start, Given.At(40)), (life.State.RegisteredAt, life.State.LeaseExpires!.Value));
        Assert.Equal([new WakeAt(Given.At(40))], life.Last.Effects);
    }

    [Fact]
    public void The_same_instance_may_say_new_things_of_itself_and_keeps_its_health()
    {
        var life = new Life();
        life.Ejected();
        var spec = Given.Spec() with { Weight = 5, Labels = ImmutableSortedDictionary<string, string>.Empty.Add("v", "2") };
        life.On(new Registered(spec), at: 1);
        Assert.Equal(spec, life.State.Spec);
        Assert.Equal(HealthStatus.Ejected, life.Status);
        Assert.True(life.Last.Has<SaveState>());
    }

    [Fact]
    public void The_same_instance_again_does_not_end_a_draining()
    {
        var life = new Life();
        life.On(new Drained());
        Assert.Equal([new SaveState()], life.Last.Effects);
        Assert.Equal("drained", life.State.Reason);
        life.On(new Registered(Given.Spec()), at: 1);
        Assert.Equal(HealthStatus.Draining, life.Status);
    }

    [Theory]
    [InlineData("two", "10.0.0.1", 8080)]
    [InlineData(null, "10.0.0.1", 8080)]
    [InlineData("one", "10.0.0.2", 8080)]
    [InlineData("one", "10.0.0.1", 8081)]
    public void A_new_life_starts_with_a_clean_slate(string? instance, string address, int port)
    {
        var life = new Life().Probing();
        life.On(new Drained(), at: 31);
        life.On(new Registered(Given.Spec(instance: instance) with { Address = address, Port = port }), at: 40);
        Assert.Equal(HealthStatus.Healthy, life.Status);
        Assert.Equal(Given.At(40), life.State.RegisteredAt);
        Assert.Equal(0, life.State.EjectionMultiplier);
        Assert.Null(life.State.Probe);
        Assert.False(life.State.Draining);
    }

    [Fact]
    public void Without_instance_ids_the_same_place_is_the_same_life()
    {
        var spec = Given.Spec(instance: null);
        var first = EndpointMachine.Step(null, new Registered(spec), Given.Policy.Whole(), Given.Start, 0).State!;
        var again = EndpointMachine.Step(first, new Registered(spec), Given.Policy.Whole(), Given.At(5), 0).State!;
        Assert.Equal(Given.Start, again.RegisteredAt);
    }

    [Fact]
    public void Restoring_ends_a_draining_but_does_not_renew_a_lease()
    {
        var life = new Life(lease: Lease);
        life.On(new Drained());
        life.On(new TimeElapsed(), at: 30);
        Assert.Equal(HealthStatus.Expired, life.Status);
        life.On(new Restored(), at: 31);
        Assert.Equal(HealthStatus.Expired, life.Status);
        Assert.False(life.State.Draining);
    }

    [Fact]
    public void After_a_restart_every_lease_starts_anew_and_an_expired_one_gets_the_whole_grace()
    {
        var held = new Life(lease: Lease);
        held.On(new Recovered(), at: 500);
        Assert.Equal(HealthStatus.Healthy, held.Status);
        Assert.Equal([new WakeAt(Given.At(530))], held.Last.Effects);

        var expired = new Life(lease: Lease);
        expired.On(new TimeElapsed(), at: 30);
        expired.On(new Recovered(), at: 500);
        Assert.Equal(HealthStatus.Expired, expired.Status);
        Assert.Equal(new WakeAt(Given.At(590)), expired.Last.Find<WakeAt>());
    }

    [Fact]
    public void An_event_of_a_kind_that_is_not_known_changes_nothing()
    {
        var life = new Life();
        var before = life.State;
        life.On(new Unheard());
        Assert.Equal(before, life.State);
        Assert.Empty(life.Last.Effects);
    }

    [Fact]
    public void Specs_are_compared_by_content()
    {
        static ImmutableSortedDictionary<string, string> Labels(params string[] keys) =>
            keys.ToImmutableSortedDictionary(k => k, k => k + "!");

        var spec = Given.Spec() with { Labels = Labels("a", "b") };
        Assert.Equal(spec, Given.Spec() with { Labels = Labels("b", "a") });
        Assert.Equal(spec.GetHashCode(), (Given.Spec() with { Labels = Labels("b", "a") }).GetHashCode());
        Assert.NotEqual(spec, Given.Spec() with { Labels = Labels("a", "c") });
        Assert.NotEqual(spec, Given.Spec() with { Labels = Labels("a") });
        Assert.NotEqual(spec, spec with { Id = "b" });
        Assert.NotEqual(spec, spec with { Weight = 2 });
        Assert.NotEqual(spec, spec with { Locality = new("x", "", "") });
        Assert.NotEqual(spec, spec with { Lease = Lease });
        Assert.False(spec.Equals(null));
    }

    private sealed record Unheard : EndpointEvent;
}
