using Mesh.Core.Health;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Core.Weights;
using Xunit;

namespace Mesh.Core.Tests.Health;

public class WarmupTests
{
    private static readonly TrafficPolicy Warm = new() { Warmup = new Warmup { Duration = TimeSpan.FromSeconds(20) } };

    private static int Weight(Life life) => life.State.ToSnapshot().Weight;

    [Theory]
    [InlineData(10, 100, new[] { 10, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100 })]
    [InlineData(0, 100, new[] { 0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100 })]
    [InlineData(50, 100, new[] { 50, 50, 50, 50, 50, 50, 60, 70, 80, 90, 100 })]
    [InlineData(10, 200, new[] { 10, 32, 45, 55, 63, 71, 77, 84, 89, 95, 100 })]
    [InlineData(10, 0, new[] { 10, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100 })]
    [InlineData(-5, 100, new[] { 0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100 })]
    [InlineData(500, 100, new[] { 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100 })]
    public void The_curve_is_envoys(int minimum, int aggression, int[] percents)
    {
        var warmup = new Warmup { MinimumPercent = minimum, Aggression = aggression };
        Assert.Equal(percents, Enumerable.Range(0, 11).Select(step => WarmupCurve.Percent(warmup, step)));
        Assert.Equal(percents[0], WarmupCurve.Percent(warmup, -1));
        Assert.Equal(100, WarmupCurve.Percent(warmup, 11));
    }

    [Fact]
    public void Without_a_word_in_the_policy_a_new_endpoint_has_its_full_weight()
    {
        Assert.Null(Given.Endpoint().Warming);
        Assert.Null(Given.Endpoint().ToSnapshot().WeightReason);
    }

    [Fact]
    public void With_a_warm_up_a_new_endpoint_reaches_its_full_weight_in_nine_steps_from_a_tenth()
    {
        var step = EndpointMachine.Step(null, new Registered(Given.Spec()), Warm, Given.Start, 0);
        var (weights, times) = (new List<int> { step.State!.ToSnapshot().Weight }, new List<DateTimeOffset>());
        while (step.Find<WakeAt>() is { } wake)
        {
            step = EndpointMachine.Step(step.State, new TimeElapsed(), Warm, wake.When, 0);
            weights.Add(step.State!.ToSnapshot().Weight);
            times.Add(wake.When);
            Assert.True(step.Has<HintService>());
            Assert.False(step.Has<SaveState>());
        }

        Assert.Equal([10, 20, 30, 40, 50, 60, 70, 80, 90, 100], weights);
        Assert.Equal(Enumerable.Range(2, 9).Select(i => Given.At(2 * i)), times);
        Assert.Null(step.State!.Warming);
    }

    [Fact]
    public void What_comes_up_within_a_tenth_of_the_duration_moves_together()
    {
        var (early, late) = (new Life(Warm), new Life(Warm));
        early.On(new Registered(Given.Spec(instance: "two")), at: 4.01);
        late.On(new Registered(Given.Spec(instance: "two")), at: 5.99);
        Assert.Equal(new Warming(Given.At(4), 10), early.State.Warming);
        Assert.Equal(early.State.Warming, late.State.Warming);
    }

    [Fact]
    public void The_same_life_again_does_not_warm_up_again_and_a_new_one_does()
    {
        var life = new Life(Warm);
        life.On(new TimeElapsed(), at: 20);
        life.On(new Registered(Given.Spec()), at: 21);
        Assert.Null(life.State.Warming);
        life.On(new Registered(Given.Spec(instance: "two")), at: 22);
        Assert.Equal(10, life.State.Warming?.Percent);
    }

    [Fact]
    public void Who_has_proven_itself_warms_up_over_ten_seconds_or_as_the_policy_says()
    {
        var life = new Life().Probing();
        life.Sees(Given.Successes(3), at: 30);
        Assert.Equal((HealthStatus.Healthy, "warming up 10 %"), (life.Status, life.State.ToSnapshot().WeightReason));
        life.On(new TimeElapsed(), at: 34.5);
        Assert.Equal((40, "warming up 40 %"), (Weight(life), life.State.ToSnapshot().WeightReason));
        life.On(new TimeElapsed(), at: 40);
        Assert.Equal((100, (string?)null), (Weight(life), life.State.ToSnapshot().WeightReason));

        var slow = new Life(Warm).Probing();
        slow.Sees(Given.Successes(3), at: 30);
        slow.On(new TimeElapsed(), at: 40);
        Assert.Equal(50, Weight(slow));
    }

    [Fact]
    public void A_probing_endpoint_says_why_it_gets_so_little() =>
        Assert.Equal("10 % until it has proven itself", new Life().Probing().State.ToSnapshot().WeightReason);

    [Fact]
    public void An_ejection_ends_a_warm_up_and_forgiveness_gives_the_full_weight()
    {
        var life = new Life(Warm);
        life.On(new Registered(Given.Spec(instance: "two")));
        life.Ejected(at: 1);
        Assert.Null(life.State.Warming);

        var restored = new Life(Warm);
        restored.On(new Registered(Given.Spec(instance: "two")));
        restored.On(new Restored());
        Assert.Equal(100, Weight(restored));
    }

    [Fact]
    public void After_a_restart_it_is_as_far_as_the_clock_says_and_is_told_once()
    {
        var life = new Life(Warm);
        life.On(new Registered(Given.Spec(instance: "two")));
        var onDisk = life.State;
        var later = EndpointMachine.Step(onDisk, new Recovered(), Warm, Given.At(11), 0);
        Assert.Equal(50, later.State!.Warming?.Percent);
        Assert.True(later.Has<HintService>());
        Assert.Null(EndpointMachine.Step(onDisk, new Recovered(), Warm, Given.At(1e6), 0).State!.Warming);
    }

    [Fact]
    public void A_clock_that_is_set_back_begins_it_anew_instead_of_holding_it_up()
    {
        var life = new Life(Warm);
        life.On(new Registered(Given.Spec(instance: "two")), at: 1000);
        life.On(new TimeElapsed(), at: 1010);
        life.On(new TimeElapsed(), at: 0);
        Assert.Equal(new Warming(Given.Start, 10), life.State.Warming);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(9_999)]
    public void A_duration_of_less_than_a_millisecond_is_none(long ticks)
    {
        var life = new Life(new TrafficPolicy { Warmup = new Warmup { Duration = TimeSpan.FromTicks(ticks) } });
        life.On(new Registered(Given.Spec(instance: "two")));
        Assert.Null(life.State.Warming);
    }

    [Fact]
    public void The_longest_duration_there_is_does_no_harm()
    {
        var policy = new TrafficPolicy { Warmup = new Warmup { Duration = TimeSpan.MaxValue } };
        var life = new Life(policy);
        life.On(new Registered(Given.Spec(instance: "two")));
        Assert.Equal(10, life.State.Warming?.Percent);
        Assert.True(life.Last.Find<WakeAt>()!.When > Given.At(1e9));
    }

    [Fact]
    public void A_warm_up_from_nothing_begins_with_the_least_weight_there_is()
    {
        var life = new Life(new TrafficPolicy { Warmup = new Warmup { MinimumPercent = 0 } });
        life.On(new Registered(Given.Spec(instance: "two")));
        Assert.Equal(1, Weight(life));
    }

    [Theory]
    [InlineData(5, 40, 200)]
    [InlineData(1, 0, 1)]
    [InlineData(1, -5, 1)]
    [InlineData(2, 400, 200)]
    public void The_effective_weight_is_the_configured_times_the_warm_up(int configured, int percent, int weight) =>
        Assert.Equal(weight, EffectiveWeight.Of(configured, HealthStatus.Healthy, percent));

    [Fact]
    public void While_it_probes_no_warm_up_counts() => Assert.Equal(10, EffectiveWeight.Of(1, HealthStatus.Probing, 50));
}
