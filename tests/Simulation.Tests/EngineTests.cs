using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Tests;

public sealed class EngineTests
{
    [Fact]
    public void Things_happen_in_the_order_of_their_time_and_at_one_time_in_the_order_of_asking()
    {
        var simulator = new Simulator();
        var seen = new List<string>();
        simulator.After(TimeSpan.FromSeconds(2), () => seen.Add("late"));
        simulator.After(TimeSpan.FromSeconds(1), () => simulator.After(TimeSpan.Zero, () => seen.Add("third")));
        simulator.After(TimeSpan.FromSeconds(1), () => seen.Add("second"));
        simulator.RunUntil(Simulator.Start + TimeSpan.FromSeconds(1.5));
        Assert.Equal(["second", "third"], seen);
        Assert.Equal(TimeSpan.FromSeconds(1.5), simulator.Elapsed);
        simulator.RunUntil(Simulator.Start + TimeSpan.FromSeconds(2));
        Assert.Equal("late", seen[^1]);
    }

    [Fact]
    public void What_is_asked_for_the_past_happens_now()
    {
        var simulator = new Simulator();
        var at = DateTimeOffset.MinValue;
        simulator.RunUntil(Simulator.Start + TimeSpan.FromSeconds(5));
        simulator.At(Simulator.Start, () => at = simulator.Now);
        simulator.RunUntil(Simulator.Start + TimeSpan.FromSeconds(6));
        Assert.Equal(Simulator.Start + TimeSpan.FromSeconds(5), at);
    }

    [Fact]
    public void A_die_repeats_itself_and_its_parts_do_not_depend_on_each_other()
    {
        var (one, two) = (new Dice(5), new Dice(5));
        two.For("other").NextDouble();
        two.For("other").NextDouble();
        Assert.Equal(one.For("part").NextDouble(), two.For("part").NextDouble());
        Assert.NotEqual(one.For("part").NextDouble(), one.For("other").NextDouble());
        Assert.Equal(one.NextDouble(), two.NextDouble());
        Assert.NotEqual(one.NextDouble(), new Dice(6).NextDouble());
    }

    [Fact]
    public void A_die_is_fair_and_within_its_bounds()
    {
        var dice = new Dice(1);
        var rolls = Enumerable.Range(0, 60_000).Select(_ => dice.Next(6)).ToList();
        Assert.All(rolls.CountBy(roll => roll), face => Assert.InRange(face.Value, 9_500, 10_500));
        Assert.Equal(6, rolls.Distinct().Count());
        Assert.InRange(Enumerable.Range(0, 60_000).Average(_ => dice.Exponential(TimeSpan.FromSeconds(1)).TotalSeconds), 0.97, 1.03);
        Assert.InRange(Enumerable.Range(0, 60_000).Average(_ => dice.NextDouble()), 0.49, 0.51);
    }

    [Fact]
    public void A_clock_that_jumps_does_not_change_what_spans_are_measured_by()
    {
        var simulator = new Simulator();
        var clock = new NodeClock(simulator) { Offset = TimeSpan.FromSeconds(-9) };
        var before = clock.GetTimestamp();
        simulator.RunUntil(Simulator.Start + TimeSpan.FromSeconds(3));
        Assert.Equal(Simulator.Start - TimeSpan.FromSeconds(6), clock.GetUtcNow());
        Assert.Equal(TimeSpan.FromSeconds(3), clock.GetElapsedTime(before));
    }
}
