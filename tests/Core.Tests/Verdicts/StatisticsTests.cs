using System.Numerics;
using FsCheck.Fluent;
using Mesh.Core.Verdicts.Statistics;
using Xunit;

namespace Mesh.Core.Tests.Verdicts;

public class StatisticsTests
{
    [Fact]
    public void Fishers_tail_is_what_counting_all_draws_gives() => Properties.Hold(
        Gen.Choose(0, 30).Zip(Gen.Choose(0, 30)).Zip(Gen.Choose(0, 40)).Zip(Gen.Choose(0, 40)),
        given =>
        {
            var (((failed, succeeded), peersFailed), peersSucceeded) = given;
            var (requests, peers) = (failed + succeeded, peersFailed + peersSucceeded);
            var tail = FisherTest.Tail(failed, requests, peersFailed, peers);
            if ((long)failed * (requests + peers) <= (long)requests * (failed + peersFailed))
            {
                Assert.Equal(1, tail);
                return;
            }

            var (black, all) = (failed + peersFailed, requests + peers);
            var draws = Enumerable.Range(failed, Math.Min(requests, black) - failed + 1)
                .Aggregate(BigInteger.Zero, (sum, k) => sum + Choose(black, k) * Choose(all - black, requests - k));
            Assert.Equal(Math.Exp(BigInteger.Log(draws) - BigInteger.Log(Choose(all, requests))), tail, 1e-11);
        },
        cases: 500);

    [Fact]
    public void What_is_allowed_is_the_most_that_chance_explains() => Properties.Hold(
        Gen.Choose(1, 3000).Zip(Gen.Choose(0, 200)).Zip(Gen.Choose(0, 20_000)),
        given =>
        {
            var ((requests, peersFailed), peersSucceeded) = given;
            var peers = peersFailed + peersSucceeded;
            var allowed = FisherTest.Allowed(requests, peersFailed, peers);
            Assert.InRange(allowed, 0, requests);
            Assert.True(FisherTest.Tail(allowed, requests, peersFailed, peers) >= FisherTest.Level);
            Assert.True(allowed == requests || FisherTest.Tail(allowed + 1, requests, peersFailed, peers) < FisherTest.Level);
        });

    [Fact]
    public void A_tail_of_known_value_and_one_of_samples_beyond_all_measure()
    {
        // The lady tasting tea: all four cups of eight.
        Assert.Equal(1.0 / 70, FisherTest.Tail(4, 4, 0, 4), 1e-12);
        Assert.Equal(1, FisherTest.Tail(0, 0, 0, 0));
        var million = FisherTest.Tail(10_300, 1_000_000, 190_000, 19_000_000);
        Assert.InRange(million, 1e-3, 3e-3);
        Assert.Equal(1, FisherTest.Tail(long.MaxValue / 4, long.MaxValue / 2, long.MaxValue / 4, long.MaxValue / 2));
        Assert.Equal(0, FisherTest.Tail(long.MaxValue / 2, long.MaxValue / 2, 0, long.MaxValue / 2));
    }

    [Fact]
    public void Logarithms_of_factorials_go_on_smoothly_where_the_table_ends()
    {
        Assert.Equal(0, LogGamma.OfFactorial(0));
        Assert.Equal(Math.Log(24), LogGamma.OfFactorial(4), 1e-12);
        for (var n = 120; n < 140; n++)
        {
            Assert.Equal(Math.Log(n), LogGamma.OfFactorial(n) - LogGamma.OfFactorial(n - 1), 1e-11);
        }
    }

    [Theory]
    [InlineData(0.02, 0.02)]
    [InlineData(0.02, 0.001)]
    [InlineData(0.4, 0.4)]
    [InlineData(0.9, 0.5)]
    public void Nobody_gains_by_betting_against_a_bound_that_holds(double bound, double rate)
    {
        var before = new EProcess(1, 2, 3, 4);
        var mean = rate * before.Step(0, 1, bound, 0, 1e9).Value + (1 - rate) * before.Step(1, 0, bound, 0, 1e9).Value;
        Assert.True(mean <= before.Value + 1e-12);
        // At the bound itself the game is fair.
        Assert.Equal(rate.Equals(bound), mean > before.Value - 1e-12);
    }

    [Fact]
    public void A_step_of_many_requests_is_as_many_steps_of_one()
    {
        var one = default(EProcess).Step(0, 0, 0.02, 1, 1e9);
        Assert.Equal(1, one.Value, 1e-12);
        var many = one.Step(3, 2, 0.02, 0, 1e9);
        var each = one.Step(1, 0, 0.02, 0, 1e9).Step(0, 1, 0.02, 0, 1e9).Step(2, 0, 0.02, 0, 1e9).Step(0, 1, 0.02, 0, 1e9);
        Assert.Equal(many.Value, each.Value, 1e-9);
        Assert.Equal(one.Half * 0.5 * 0.5 * 0.5 * Math.Pow(1 + 0.5 * 0.98 / 0.02, 2), many.Half, 1e-9);
        Assert.Equal(0.25 * 0.9, one.Step(1, 0, 0.02, 0, 1e9).Slight, 1e-12);
        Assert.Equal(0.25 * 0.75, one.Step(1, 0, 0.02, 0, 1e9).Clear, 1e-12);
        Assert.Equal(0.25 * 0.1, one.Step(1, 0, 0.02, 0, 1e9).Most, 1e-12);
    }

    [Fact]
    public void Evidence_neither_overflows_nor_grows_out_of_nothing()
    {
        var most = default(EProcess).Step(0, long.MaxValue, 0.02, 1, 100);
        Assert.Equal(100_000, most.Value, 1e-6);
        Assert.Equal(0, most.Step(long.MaxValue, 0, 0.02, 0, 100).Value);
        Assert.Equal(0, default(EProcess).Step(0, long.MaxValue, 0.02, 0, 100).Value);
        Assert.True(most.Step(0, 10, 1, 0, 1e9).Value <= most.Value);
    }

    [Fact]
    public void The_fewest_failures_that_suffice_suffice_and_one_less_does_not()
    {
        var fewest = EProcess.FewestFailures(40, 0.02, 1e6)!.Value;
        Assert.InRange(fewest, 8, 12);
        Assert.True(default(EProcess).Step(40 - fewest, fewest, 0.02, 1, 1e6).Value >= 1e6);
        Assert.True(default(EProcess).Step(41 - fewest, fewest - 1, 0.02, 1, 1e6).Value < 1e6);
        Assert.Null(EProcess.FewestFailures(3, 0.02, 1e6));
        Assert.Equal(0, EProcess.FewestFailures(0, 0.02, 1));
    }

    [Fact]
    public void What_is_remembered_is_taken_too_high_where_there_is_little_and_the_latest_too_low()
    {
        Assert.Equal((1, 0, null), (default(Recollection).Upper, default(Recollection).Lower, default(Recollection).Share));
        var some = default(Recollection).With(197, 3);
        Assert.Equal((3 + 2 + 2 * 2) / 200.0, some.Upper, 1e-12);
        Assert.Equal((3 - Math.Sqrt(3)) / 200, some.Lower, 1e-12);
        Assert.Equal(0.015, some.Share!.Value, 1e-12);
        Assert.Equal(0, default(Recollection).With(4, 1).Lower);
        Assert.Equal(1, default(Recollection).With(0, 1).Upper);
        Assert.Equal(new(1.5, 100), some.Faded(0.5));
        Assert.Equal(new(2, 190), some.Without(new(1, 10)));
        Assert.Equal(default, some.Without(new(4, 201)));
    }

    private static BigInteger Choose(int n, int k)
    {
        var result = BigInteger.One;
        for (var i = 0; i < k; i++)
        {
            result = result * (n - i) / (i + 1);
        }

        return k > n ? 0 : result;
    }
}
