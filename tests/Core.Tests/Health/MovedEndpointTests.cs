using System.Collections.Immutable;
using System.Text.Json;
using FsCheck.Fluent;
using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Xunit;

namespace Mesh.Core.Tests.Health;

public class MovedEndpointTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void An_endpoint_is_the_one_that_moved_whenever_one_looks_and_whatever_it_went_through() => Properties.Hold(
        Histories.SanePolicy.Zip(Histories.Forward),
        given =>
        {
            var (policy, at) = (given.Item1, Given.Start);
            var state = Histories.Lead(policy, given.Item2, (_, _, now, _) => at = now);
            var moved = JsonSerializer.Deserialize<MovedEndpoint>(JsonSerializer.Serialize(MovedEndpoint.Of(state)))!;

            Assert.Empty(moved.Problems());
            Assert.True(moved.IsAlready(state, policy, at));
            var there = moved.LiveOn(policy, at);
            Assert.True(moved.IsAlready(there, policy, at));
            Assert.Equal(moved with { WarmingSince = there.Warming?.Since }, MovedEndpoint.Of(there));
        });

    [Fact]
    public void What_moves_needs_not_be_renewed_before_it_has_arrived()
    {
        var moved = Moved() with { Spec = Spec() with { Lease = TimeSpan.FromSeconds(10) } };

        Assert.Equal(Now.AddSeconds(10), moved.LiveOn(TrafficPolicy.Default, Now).LeaseExpires);
        var expired = (moved with { Expired = true }).LiveOn(TrafficPolicy.Default, Now);
        Assert.Equal((HealthStatus.Expired, Now), (expired.Status, expired.ExpiredAt!.Value));
    }

    [Fact]
    public void An_ejected_one_stays_ejected_with_its_back_off()
    {
        var ejection = new Ejection(Now, Now.AddHours(1), "5 consecutive 5xx", Manual: false) { Evidence = new(OutlierDetector.Consecutive5xx, 5, 5) };
        var state = (Moved() with { Ejection = ejection, EjectionMultiplier = 3 }).LiveOn(TrafficPolicy.Default, Now.AddMinutes(1));

        Assert.Equal((HealthStatus.Ejected, 3, ejection), (state.Status, state.EjectionMultiplier, state.Ejection));
    }

    [Fact]
    public void Time_alone_does_not_make_it_another_but_what_happens_does()
    {
        var ejected = Moved() with { Ejection = new(Now, Now.AddSeconds(30), "by hand", Manual: true), EjectionMultiplier = 1 };
        var there = ejected.LiveOn(TrafficPolicy.Default, Now);
        var later = EndpointMachine.Step(there, new TimeElapsed(), TrafficPolicy.Default, Now.AddMinutes(1), 0).State!;

        Assert.Equal(HealthStatus.Probing, later.Status);
        Assert.True(ejected.IsAlready(later, TrafficPolicy.Default, Now.AddMinutes(1)));
        Assert.True(ejected.IsAlready(there, TrafficPolicy.Default, Now.AddMinutes(1)));
        var drained = EndpointMachine.Step(later, new Drained(), TrafficPolicy.Default, Now.AddMinutes(1), 0).State!;
        Assert.False(ejected.IsAlready(drained, TrafficPolicy.Default, Now.AddMinutes(1)));
        var another = Moved() with { Spec = Spec() with { InstanceId = "other" } };
        Assert.False(another.IsAlready(there, TrafficPolicy.Default, Now));
    }

    [Fact]
    public void A_lease_that_nobody_renewed_since_is_no_difference()
    {
        var moved = Moved() with { Spec = Spec() with { Lease = TimeSpan.FromSeconds(10) } };
        var there = moved.LiveOn(TrafficPolicy.Default, Now);

        Assert.True(moved.IsAlready(there, TrafficPolicy.Default, Now.AddSeconds(20)));
        var expired = EndpointMachine.Step(there, new TimeElapsed(), TrafficPolicy.Default, Now.AddSeconds(20), 0).State!;
        Assert.Equal(HealthStatus.Expired, expired.Status);
        Assert.True(moved.IsAlready(expired, TrafficPolicy.Default, Now.AddSeconds(20)));
    }

    [Fact]
    public void What_cannot_be_is_named_with_its_field()
    {
        var hostile = Moved() with
        {
            EjectionMultiplier = -1,
            Runs = new(-1, -1, -1) { Sources = [.. Enumerable.Repeat(new RunSource("p", 1, 1, 1), EndpointObservation.MostSources + 1)] },
            Probe = new(-1, null!),
            Refusal = new string('x', 5_000),
            Ejection = new(Now, null, null!, Manual: false) { Evidence = new(OutlierDetector.Latency, 1, 1) { Sources = [new(null!, 1)] } },
        };

        Assert.Equal(
            [
                "ejectionMultiplier", "runs.consecutive5xx", "runs.consecutiveGatewayFailure", "runs.consecutiveLocalOriginFailure", "probe.succeeded", "refusal",
                "ejection.reason", "probe.after", "runs.sources", "ejection.evidence.sources",
            ],
            hostile.Problems().Select(problem => problem.Field));
        Assert.All(hostile.Problems(), problem => Assert.NotEmpty(problem.Remedy));
        Assert.Equal(["runs.sources"], (Moved() with { Runs = FailureRuns.None with { Sources = default } }).Problems().Select(problem => problem.Field));
        Assert.Equal(["ejectionMultiplier"], (Moved() with { EjectionMultiplier = int.MaxValue }).Problems().Select(problem => problem.Field));
    }

    private static MovedEndpoint Moved() => new() { Spec = Spec(), RegisteredAt = Now };

    private static EndpointSpec Spec() => new() { Id = "a", Address = "10.0.0.1", Port = 80, Labels = ImmutableSortedDictionary<string, string>.Empty.Add("version", "v1") };
}
