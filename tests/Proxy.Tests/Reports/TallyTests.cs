using FsCheck;
using FsCheck.Fluent;
using Mesh.Core.Latency;
using Mesh.Core.Outliers;
using Mesh.Proxy.Upstream;
using Xunit;

namespace Mesh.Proxy.Tests.Reports;

public class TallyTests
{
    private static readonly Gen<TryOutcome> Outcome =
        from result in Gen.Elements(TryResult.Success, TryResult.ServerError, TryResult.GatewayError, TryResult.LocalOrigin, TryResult.Ignored)
        from answer in Gen.Elements(Enum.GetValues<AnswerClass>())
        select new TryOutcome(result, 0, answer);

    // Each try ends at a later tick than the one before.
    private static Arbitrary<(TryOutcome[] Tries, int Cut)> Periods =>
        (from tries in Outcome.ArrayOf()
         from cut in Gen.Choose(0, tries.Length)
         select (tries.Select((t, i) => t with { At = i + 1 }).ToArray(), cut)).ToArbitrary();

    [Fact]
    public void Two_periods_put_together_say_what_one_would_have_said() => Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(1000), Prop.ForAll(Periods, p =>
        Of(p.Tries) == Of(p.Tries[..p.Cut]).Then(Of(p.Tries[p.Cut..]))));

    [Fact]
    public void The_control_plane_counts_the_same_runs_whether_told_at_once_or_in_parts() =>
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(1000), Prop.ForAll(Periods, p =>
        {
            var whole = FailureRuns.None.Advance(Observe(Of(p.Tries)), split: false);
            var parts = FailureRuns.None.Advance(Observe(Of(p.Tries[..p.Cut])), split: false).Advance(Observe(Of(p.Tries[p.Cut..])), split: false);
            return whole.Consecutive5xx == parts.Consecutive5xx && whole.Consecutive5xx == Run(p.Tries).Count();
        }));

    [Fact]
    public void A_period_knows_when_its_last_success_ended_and_when_the_run_after_it_began() =>
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(1000), Prop.ForAll(Periods, p =>
        {
            var counts = Of(p.Tries);
            return counts.LastSuccess == p.Tries.Where(t => t.Result == TryResult.Success).Select(t => (long?)t.At).LastOrDefault()
                && counts.RunBegan == Run(p.Tries).Select(t => (long?)t.At).LastOrDefault();
        }));

    [Fact]
    public void What_is_put_back_comes_before_what_was_counted_meanwhile_and_keeps_its_times()
    {
        var tally = new Tally();
        tally.Record(new(TryResult.ServerError, 1));
        tally.Record(new(TryResult.ServerError, 2));
        var undelivered = tally.Drain(3);
        tally.Record(new(TryResult.ServerError, 4));

        tally.PutBack(undelivered);

        var all = tally.Drain(5).Counts;
        Assert.Equal((3, 1L), (all.TrailingFailures, all.RunBegan));
        Assert.True(tally.IsEmpty);
    }

    [Fact]
    public void A_success_counted_meanwhile_ends_the_run_that_was_put_back()
    {
        var tally = new Tally();
        tally.Record(new(TryResult.ServerError, 1));
        var undelivered = tally.Drain(2);
        tally.Record(new(TryResult.Success, 3));

        tally.PutBack(undelivered);

        var all = tally.Drain(4).Counts;
        Assert.Equal((1, 1, 0), (all.Failed, all.Succeeded, all.TrailingFailures));
        Assert.Equal((3L, null), (all.LastSuccess, all.RunBegan));
    }

    [Fact]
    public void Tries_under_way_are_integrated_exactly_over_periods_that_cut_them()
    {
        var tally = new Tally();
        tally.Issue(100);
        tally.Issue(110);
        var first = tally.Drain(130);
        tally.End(150, null);
        tally.End(160, new(TryResult.Success, 160));
        var second = tally.Drain(1000);

        Assert.Equal((10 + 40, 2), (first.Counts.InFlightTicks, first.Counts.Issued));
        Assert.Equal((40 + 10, 1), (second.Counts.InFlightTicks, second.Counts.Succeeded));
        Assert.True(tally.Drain(2000).IsEmpty);
    }

    [Fact]
    public void A_try_that_only_goes_on_is_something_to_report()
    {
        var tally = new Tally();
        tally.Issue(100);
        tally.Drain(101);

        Assert.False(tally.Drain(102).IsEmpty);
    }

    [Fact]
    public void A_clock_that_is_read_out_of_order_takes_nothing_back()
    {
        var tally = new Tally();
        tally.Issue(100);
        tally.End(200, null);
        tally.Issue(190);

        Assert.Equal(100 + 10, tally.Drain(210).Counts.InFlightTicks);
    }

    [Fact]
    public void Only_answers_have_a_latency_and_each_period_has_its_own()
    {
        var tally = new Tally();
        tally.Record(new(TryResult.Success, 1, AnswerClass.Ok, TimeSpan.FromMilliseconds(10)));
        tally.Record(new(TryResult.ServerError, 2, AnswerClass.ServerError, TimeSpan.FromMilliseconds(40)));
        tally.Record(new(TryResult.LocalOrigin, 3));
        tally.Record(new(TryResult.Ignored, 4, AnswerClass.Ok, TimeSpan.FromMilliseconds(70)));

        Assert.Equal(LatencySketch.Of([0.01, 0.04]), tally.Drain(5).Latency);
        Assert.Equal(0, tally.Drain(6).Latency.Count);
    }

    [Fact]
    public void A_sketch_that_was_put_back_is_in_the_next_period()
    {
        var tally = new Tally();
        tally.Record(new(TryResult.Success, 1, AnswerClass.Ok, TimeSpan.Zero));
        tally.Record(new(TryResult.Success, 2, AnswerClass.Ok, TimeSpan.FromSeconds(1)));
        var undelivered = tally.Drain(3);
        tally.Record(new(TryResult.Success, 4, AnswerClass.Ok, TimeSpan.FromSeconds(2)));

        tally.PutBack(undelivered);

        Assert.Equal(LatencySketch.Of([0, 1, 2]), tally.Drain(5).Latency);
    }

    [Fact]
    public void Nothing_is_allocated_for_a_try()
    {
        var tally = new Tally();
        Try(1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 2; i < 10_000; i++)
        {
            Try(i);
        }

        // A collection meanwhile counts what is left of the thread's allocation buffer: a few kilobytes, and none for each try.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32_768);

        void Try(long at)
        {
            tally.Issue(at);
            tally.End(at, new(TryResult.Success, at, AnswerClass.Ok, TimeSpan.FromMilliseconds(at % 100)));
        }
    }

    private static TallyCounts Of(IEnumerable<TryOutcome> tries) => tries.Aggregate(default(TallyCounts), (counts, t) => counts.With(t));

    /// <summary>The failures after the last success, the latest first.</summary>
    private static IEnumerable<TryOutcome> Run(IEnumerable<TryOutcome> tries) =>
        tries.Where(t => t.Result != TryResult.Ignored).Reverse().TakeWhile(t => t.Result != TryResult.Success);

    private static EndpointObservation Observe(TallyCounts counts) => new()
    {
        EndpointId = "e",
        Succeeded = counts.Succeeded,
        Failed = counts.Failed,
        GatewayFailed = counts.GatewayFailed,
        LocalOriginFailed = counts.LocalOriginFailed,
        TrailingFailures = counts.TrailingFailures,
        TrailingGatewayFailures = counts.TrailingGatewayFailures,
        TrailingLocalOriginFailures = counts.TrailingLocalOriginFailures,
    };
}
