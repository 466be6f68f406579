using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Mesh.Core.Localities;
using Xunit;

namespace Mesh.Core.Tests.Localities;

public class PriorityLoadTests
{
    /// <summary>The tables of Envoy's documentation ("Priority levels"), by percent of healthy endpoints.</summary>
    [Theory]
    [InlineData(new[] { 100, 100 }, new[] { 100, 0 })]
    [InlineData(new[] { 72, 100 }, new[] { 100, 0 })]
    [InlineData(new[] { 71, 100 }, new[] { 99, 1 })]
    [InlineData(new[] { 50, 100 }, new[] { 70, 30 })]
    [InlineData(new[] { 25, 100 }, new[] { 35, 65 })]
    [InlineData(new[] { 0, 100 }, new[] { 0, 100 })]
    [InlineData(new[] { 72, 72 }, new[] { 100, 0 })]
    [InlineData(new[] { 71, 71 }, new[] { 99, 1 })]
    [InlineData(new[] { 50, 60 }, new[] { 70, 30 })]
    [InlineData(new[] { 25, 25 }, new[] { 50, 50 })]
    [InlineData(new[] { 100, 100, 100 }, new[] { 100, 0, 0 })]
    [InlineData(new[] { 72, 72, 100 }, new[] { 100, 0, 0 })]
    [InlineData(new[] { 71, 71, 100 }, new[] { 99, 1, 0 })]
    [InlineData(new[] { 50, 60, 100 }, new[] { 70, 30, 0 })]
    [InlineData(new[] { 25, 100, 100 }, new[] { 35, 65, 0 })]
    [InlineData(new[] { 25, 25, 100 }, new[] { 35, 35, 30 })]
    [InlineData(new[] { 25, 25, 20 }, new[] { 37, 35, 28 })]
    public void Load_spills_as_envoys_documentation_says(int[] healthy, int[] load)
    {
        var shares = PriorityLoad.Of([.. healthy.Select(h => new PriorityHealth(100, h))], panicThreshold: 0);
        Assert.Equal(load, shares.Select(s => s.Percent));
        Assert.All(shares, s => Assert.False(s.Panic));
    }

    /// <summary>Its tables of the panic threshold.</summary>
    [Theory]
    [InlineData(72, 72, 100, false, 0, false)]
    [InlineData(71, 71, 99, false, 1, false)]
    [InlineData(50, 60, 70, false, 30, false)]
    [InlineData(25, 100, 35, false, 65, false)]
    [InlineData(25, 25, 50, true, 50, true)]
    [InlineData(5, 65, 8, true, 92, false)]
    public void A_priority_panics_only_when_all_together_are_too_few(int first, int second, int load, bool panic, int otherLoad, bool otherPanic) => Assert.Equal(
        [new PriorityShare(load, panic), new PriorityShare(otherLoad, otherPanic)],
        PriorityLoad.Of([new(100, first), new(100, second)]));

    [Fact]
    public void When_all_panic_the_number_of_endpoints_decides()
    {
        Assert.Equal(
            [new PriorityShare(34, true), new PriorityShare(66, true)], PriorityLoad.Of([new(1, 0), new(2, 0)]));
        Assert.Equal(
            [new PriorityShare(0, true), new PriorityShare(100, true)], PriorityLoad.Of([new(0, 0), new(3, 0)]));
        Assert.Equal(
            [new PriorityShare(100, true), new PriorityShare(0, true)], PriorityLoad.Of([new(0, 0), new(0, 0)]));
    }

    [Fact]
    public void Without_panic_nobody_healthy_means_that_the_first_is_asked_in_vain() => Assert.Equal(
        [new PriorityShare(100, false), new PriorityShare(0, false)], PriorityLoad.Of([new(4, 0), new(4, 0)], panicThreshold: 0));

    [Fact]
    public void A_threshold_is_one_below_which_not_at_which()
    {
        Assert.False(PriorityLoad.Of([new(2, 1)])[0].Panic);
        Assert.True(PriorityLoad.Of([new(200, 99)])[0].Panic);
        Assert.True(PriorityLoad.Of([new(10, 7)], panicThreshold: 1000)[0].Panic);
        Assert.False(PriorityLoad.Of([new(10, 8)], panicThreshold: 1000)[0].Panic);
    }

    [Fact]
    public void A_priority_without_endpoints_is_passed_by()
    {
        Assert.Equal([0, 100], PriorityLoad.Of([new(0, 0), new(3, 3)]).Select(s => s.Percent));
        Assert.Empty(PriorityLoad.Of([]));
    }

    [Fact]
    public void The_factor_says_how_much_room_there_is()
    {
        Assert.Equal([50, 50], PriorityLoad.Of([new(2, 1), new(2, 2)], overprovisioning: 100).Select(s => s.Percent));
        Assert.Equal(100, PriorityLoad.HealthOf(new(int.MaxValue, int.MaxValue)));
        Assert.Equal(0, PriorityLoad.HealthOf(new(0, 0)));
        Assert.Equal(46, PriorityLoad.HealthOf(new(3, 1)));
    }

    [Theory]
    [InlineData(10, 10, 80)]
    [InlineData(10, 8, 80)]
    [InlineData(10, 5, 56)]
    [InlineData(10, 0, 0)]
    [InlineData(0, 0, 0)]
    public void A_locality_keeps_its_weight_until_its_room_is_used_up(int hosts, int healthy, double left) =>
        Assert.Equal(left, PriorityLoad.EffectiveWeight(80, new(hosts, healthy)), 9);

    private static readonly Gen<ImmutableArray<PriorityHealth>> AnyPriorities =
        (from hosts in Gen.Choose(0, 200)
         from healthy in Gen.Choose(0, hosts)
         select new PriorityHealth(hosts, healthy)).ListOf().Where(list => list.Count > 0).Select(list => list.ToImmutableArray());

    [Fact]
    public void Shares_are_a_hundred_together_and_none_is_negative() => Properties.Hold(
        AnyPriorities.Zip(Gen.Choose(0, 100)).Zip(Gen.Choose(100, 300)),
        given =>
        {
            var ((priorities, threshold), factor) = given;
            var shares = PriorityLoad.Of(priorities, factor, threshold);
            Assert.Equal(priorities.Length, shares.Length);
            Assert.Equal(100, shares.Sum(s => s.Percent));
            Assert.All(shares, s => Assert.InRange(s.Percent, 0, 100));
        });

    [Fact]
    public void Nobody_without_a_healthy_endpoint_gets_anything_unless_in_a_panic() => Properties.Hold(
        AnyPriorities.Where(p => p.Any(x => x.Healthy * 140 >= x.Hosts && x.Healthy > 0)),
        priorities =>
        {
            var shares = PriorityLoad.Of(priorities, panicThreshold: 0);
            Assert.All(priorities.Zip(shares), pair => Assert.True(pair.First.Healthy > 0 || pair.Second.Percent == 0));
        });

    [Fact]
    public void The_more_are_healthy_the_more_stays() => Properties.Hold(
        Gen.Choose(1, 100).SelectMany(hosts => Gen.Choose(0, hosts - 1), (hosts, healthy) => (hosts, healthy)),
        given =>
        {
            PriorityHealth[] Standing(int healthy) => [new(given.hosts, healthy), new(10, 10)];
            Assert.True(PriorityLoad.Of(Standing(given.healthy))[0].Percent <= PriorityLoad.Of(Standing(given.healthy + 1))[0].Percent);
        });
}
