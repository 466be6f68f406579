using FsCheck;
using FsCheck.Fluent;
using Mesh.Core.Outliers;
using Mesh.Proxy.Upstream;
using Xunit;

namespace Mesh.Proxy.Tests.Reports;

public class TallyTests
{
    private static readonly TryResult[] Kinds = [TryResult.Success, TryResult.ServerError, TryResult.GatewayError, TryResult.LocalOrigin];

    private static Arbitrary<(TryResult[] Tries, int Cut)> Periods =>
        (from tries in Gen.Elements(Kinds).ArrayOf()
         from cut in Gen.Choose(0, tries.Length)
         select (tries, cut)).ToArbitrary();

    [Fact]
    public void Two_periods_put_together_say_what_one_would_have_said() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(Periods, p =>
        Of(p.Tries) == Of(p.Tries[..p.Cut]).Then(Of(p.Tries[p.Cut..]))));

    [Fact]
    public void The_control_plane_counts_the_same_runs_whether_told_at_once_or_in_parts() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(Periods, p =>
        {
            var whole = FailureRuns.None.Advance(Observe(Of(p.Tries)), split: false);
            var parts = FailureRuns.None.Advance(Observe(Of(p.Tries[..p.Cut])), split: false).Advance(Observe(Of(p.Tries[p.Cut..])), split: false);
            return whole.Consecutive5xx == parts.Consecutive5xx
                && whole.Consecutive5xx == p.Tries.Reverse().TakeWhile(t => t != TryResult.Success).Count();
        }));

    [Fact]
    public void What_is_put_back_comes_before_what_was_counted_meanwhile()
    {
        var tally = new Tally();
        tally.Record(TryResult.ServerError);
        tally.Record(TryResult.ServerError);
        var undelivered = tally.Drain();
        tally.Record(TryResult.ServerError);

        tally.PutBack(undelivered);

        Assert.Equal(3, tally.Drain().TrailingFailures);
        Assert.True(tally.IsEmpty);
    }

    [Fact]
    public void A_success_counted_meanwhile_ends_the_run_that_was_put_back()
    {
        var tally = new Tally();
        tally.Record(TryResult.ServerError);
        var undelivered = tally.Drain();
        tally.Record(TryResult.Success);

        tally.PutBack(undelivered);

        Assert.Equal((1, 1, 0), (tally.Drain() is var all ? (all.Failed, all.Succeeded, all.TrailingFailures) : default));
    }

    private static TallyCounts Of(IEnumerable<TryResult> tries) => tries.Aggregate(default(TallyCounts), (counts, t) => counts.With(t));

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
