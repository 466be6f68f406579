using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Mesh.Proxy.LoadBalancing;
using Xunit;

namespace Mesh.Proxy.Tests.LoadBalancing;

public class LoadBalancerTests
{
    private static readonly Config Quick = Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(100);

    private static Arbitrary<int[]> Weights => Gen.Choose(1, 1000).ArrayOf().Where(w => w.Length is > 0 and < 40).ToArbitrary();

    [Fact]
    public void Round_robin_serves_each_in_proportion_to_its_weight_within_a_whole_period() => Check.One(Quick, Prop.ForAll(Weights, weights =>
    {
        var balancer = new RoundRobinBalancer(Candidates(weights), new Turn(0));
        var counts = Count(balancer, weights.Length, 20_000, new Random(1));
        var total = weights.Sum();
        return weights.Select((w, i) => Math.Abs(counts[i] - 20_000.0 * w / total) <= 0.02 * 20_000 + 2).All(ok => ok);
    }));

    [Fact]
    public void Round_robin_with_equal_weights_takes_turns()
    {
        var balancer = new RoundRobinBalancer(Candidates([100, 100, 100]), new Turn(0));
        var random = new Random(1);

        var picks = Enumerable.Range(0, 7).Select(_ => balancer.Pick(random, 0, 0)).ToList();

        Assert.Equal([0, 1, 2, 0, 1, 2, 0], picks);
    }

    [Fact]
    public void A_turn_goes_on_where_the_balancer_before_left_off()
    {
        var turn = new Turn(0);
        var random = new Random(1);
        new RoundRobinBalancer(Candidates([100, 100, 100]), turn).Pick(random, 0, 0);

        Assert.Equal(1, new RoundRobinBalancer(Candidates([100, 100, 100]), turn).Pick(random, 0, 0));
    }

    [Fact]
    public void A_turn_that_overflows_stays_within_bounds()
    {
        var balancer = new RoundRobinBalancer(Candidates([1, 1000, 5]), new Turn(uint.MaxValue - 3));
        var random = new Random(1);

        Assert.All(Enumerable.Range(0, 1000), _ => Assert.InRange(balancer.Pick(random, 0, 0), 0, 2));
    }

    [Fact]
    public void A_retry_takes_no_turn_of_a_round_robin()
    {
        var turn = new Turn(0);
        var balancer = new RoundRobinBalancer(Candidates([100, 100]), turn);
        var random = new Random(1);

        balancer.Pick(random, 0, 0);
        balancer.Pick(random, 0, 1);

        Assert.Equal(1, balancer.Pick(random, 0, 0));
    }

    [Fact]
    public void Random_picks_in_proportion_to_weight() => Check.One(Quick.WithMaxTest(20), Prop.ForAll(Weights, weights =>
        Proportional(new RandomBalancer(Candidates(weights)), weights)));

    [Fact]
    public void Least_request_without_load_picks_in_proportion_to_weight() => Check.One(Quick.WithMaxTest(20), Prop.ForAll(Weights, weights =>
        Proportional(new LeastRequestBalancer(Candidates(weights), _ => 0), weights)));

    [Fact]
    public void Least_request_gives_an_endpoint_on_probation_its_trickle()
    {
        var balancer = new LeastRequestBalancer(Candidates([10, 100, 100]), _ => 0);

        var counts = Count(balancer, 3, 21_000, new Random(1));

        Assert.InRange(counts[0], 800, 1200);
    }

    [Fact]
    public void Least_request_keeps_requests_in_flight_even() => Check.One(Quick, Prop.ForAll(Gen.Choose(2, 20).ToArbitrary(), n =>
    {
        // A thousand requests that do not end: two choices keep the fullest within a few of the emptiest.
        var inFlight = new int[n];
        var balancer = new LeastRequestBalancer(Candidates([.. Enumerable.Repeat(100, n)]), i => inFlight[i]);
        var random = new Random(n);
        for (var i = 0; i < 1000; i++)
        {
            inFlight[balancer.Pick(random, 0, 0)]++;
        }

        return inFlight.Max() - inFlight.Min() <= 12;
    }));

    [Fact]
    public void Least_request_avoids_an_endpoint_that_does_not_answer()
    {
        var inFlight = new[] { 50, 0, 0 };
        var balancer = new LeastRequestBalancer(Candidates([100, 100, 100]), i => inFlight[i]);

        var counts = Count(balancer, 3, 3000, new Random(1));

        Assert.InRange(counts[0], 0, 150);
    }

    [Fact]
    public void A_ring_gives_each_its_share()
    {
        int[] weights = [100, 200, 300, 400];
        var balancer = new RingHashBalancer(Candidates(weights), minimumSize: 8192);
        var random = new Random(1);
        var counts = new int[4];
        for (var i = 0; i < 100_000; i++)
        {
            counts[balancer.Pick(random, (ulong)random.NextInt64(long.MinValue, long.MaxValue), 0)]++;
        }

        Assert.All(weights.Index(), w => Assert.InRange(counts[w.Index], 85 * w.Item, 115 * w.Item));
    }

    [Fact]
    public void When_one_leaves_a_ring_only_its_own_keys_move() => Check.One(Quick.WithMaxTest(30), Prop.ForAll(Gen.Choose(2, 12).ToArbitrary(), n =>
    {
        var all = Candidates([.. Enumerable.Repeat(100, n)]);
        var before = new RingHashBalancer(all, minimumSize: 1024 * n);
        var after = new RingHashBalancer(all.RemoveAt(n - 1), minimumSize: 1024 * (n - 1));
        var random = new Random(n);
        return Enumerable.Range(0, 2000).All(_ =>
        {
            var key = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
            var owner = before.Pick(random, key, 0);
            return owner == n - 1 || after.Pick(random, key, 0) == owner;
        });
    }));

    [Fact]
    public void The_same_key_lands_on_the_same_endpoint_and_its_retry_on_the_same_other_one()
    {
        var balancer = new RingHashBalancer(Candidates([100, 100, 100]));
        var random = new Random();
        var key = XxHash64.Of("user-17");

        var first = balancer.Pick(random, key, 0);
        var retry = balancer.Pick(random, key, 1);

        Assert.NotEqual(first, retry);
        Assert.All(Enumerable.Range(0, 10), _ => Assert.Equal((first, retry), (balancer.Pick(random, key, 0), balancer.Pick(random, key, 1))));
    }

    [Theory]
    [InlineData(1024, new[] { 100, 100, 100 })]
    [InlineData(1, new[] { 1, 1000 })]
    [InlineData(8_388_608, new[] { 1, 1, 1 })]
    public void A_ring_is_within_its_bounds(int minimum, int[] weights)
    {
        var ring = new RingHashBalancer(Candidates(weights), minimum, 4_000_000);

        Assert.InRange(ring.Size, Math.Min(minimum, RingHashBalancer.Largest), RingHashBalancer.Largest + weights.Length);
    }

    [Theory]
    [InlineData("", 0xEF46DB3751D8E999)]
    [InlineData("a", 0xD24EC4F1A98C6E5B)]
    [InlineData("abc", 0x44BC2CF5AD770999)]
    [InlineData("Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1)]
    public void The_hash_is_xxhash64(string text, ulong hash) => Assert.Equal(hash, XxHash64.Of(text));

    [Fact]
    public void Nothing_is_picked_from_nothing()
    {
        ImmutableArray<Candidate> none = [];
        var random = new Random();
        LoadBalancer[] all =
            [EmptyBalancer.Instance, new RoundRobinBalancer(none, new Turn()), new RandomBalancer(none), new LeastRequestBalancer(none, _ => 0), new RingHashBalancer(none)];

        Assert.All(all, b => Assert.Equal(-1, b.Pick(random, 7, 0)));
    }

    private static bool Proportional(LoadBalancer balancer, int[] weights)
    {
        // Two choices with a second draw that differs favour no one by more than a little.
        const int Picks = 50_000;
        var counts = Count(balancer, weights.Length, Picks, new Random(1));
        var total = weights.Sum();
        return weights.Select((w, i) => Math.Abs(counts[i] - (double)Picks * w / total) <= 0.015 * Picks).All(ok => ok);
    }

    private static int[] Count(LoadBalancer balancer, int endpoints, int picks, Random random)
    {
        var counts = new int[endpoints];
        for (var i = 0; i < picks; i++)
        {
            counts[balancer.Pick(random, 0, 0)]++;
        }

        return counts;
    }

    private static ImmutableArray<Candidate> Candidates(int[] weights) => [.. weights.Select((w, i) => new Candidate($"10.0.0.{i}:80", w))];
}
