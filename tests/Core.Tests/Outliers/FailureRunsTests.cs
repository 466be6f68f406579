using FsCheck.Fluent;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Xunit;

namespace Mesh.Core.Tests.Outliers;

public class FailureRunsTests
{
    private static FailureRuns After(FailureRuns runs, EndpointObservation observation, bool split = false) => runs.Advance(observation, split);

    [Fact]
    public void Request_by_request_it_counts_as_the_stupid_counter_does() => Properties.Hold(
        Sequence.OneEnding.ArrayOf().Zip(Gen.Elements(true, false)),
        given =>
        {
            var (endings, split) = given;
            var counted = FailureRuns.None.Advance(endings.Select(e => Sequence.Observe([e])), split);
            Assert.Equal(Sequence.Count(endings, split), counted);
        });

    [Fact]
    public void Period_by_period_it_counts_the_same_where_a_report_holds_enough() => Properties.Hold(
        Sequence.Periods,
        periods =>
        {
            var together = FailureRuns.None.Advance(periods.Select(Sequence.Observe), split: false);
            var apart = FailureRuns.None.Advance(periods.Select(Sequence.Observe), split: true);
            Assert.Equal(Sequence.Count(periods.SelectMany(p => p), split: false).Consecutive5xx, together.Consecutive5xx);
            Assert.Equal(Sequence.Count(periods.SelectMany(p => p), split: true).ConsecutiveGatewayFailure, apart.ConsecutiveGatewayFailure);
            Assert.Equal(Sequence.Count(periods.SelectMany(p => p), split: true).ConsecutiveLocalOriginFailure, apart.ConsecutiveLocalOriginFailure);
        });

    [Fact]
    public void It_never_counts_a_failure_that_was_not() => Properties.Hold(
        Sequence.Periods.Zip(Gen.Elements(true, false)),
        given =>
        {
            var (periods, split) = given;
            var truth = Sequence.Count(periods.SelectMany(p => p), split);
            Assert.True(FailureRuns.None.Advance(periods.Select(Sequence.Observe), split).AtMost(truth));
            Assert.True(FailureRuns.None.Advance(periods.Select(Sequence.ObserveWithoutOrder), split).AtMost(truth));
        });

    [Fact]
    public void Without_any_order_a_run_is_made_of_whole_periods_without_a_success() => Properties.Hold(
        Sequence.Periods,
        periods =>
        {
            var run = 0;
            foreach (var period in periods)
            {
                run = period.Contains(Ending.Success) ? 0 : run + period.Length;
            }

            Assert.Equal(run, FailureRuns.None.Advance(periods.Select(Sequence.ObserveWithoutOrder), split: false).Consecutive5xx);
        });

    [Fact]
    public void A_success_with_failures_after_it_starts_the_run_anew()
    {
        Assert.Equal(2, After(new(9, 0, 0), Given.Seen(1, 5, trailing: 2)).Consecutive5xx);
        Assert.Equal(0, After(new(9, 0, 0), Given.Seen(1, 5, trailing: null)).Consecutive5xx);
        Assert.Equal(14, After(new(9, 0, 0), Given.Seen(0, 5, trailing: 1)).Consecutive5xx);
    }

    [Fact]
    public void Failures_without_an_answer_are_gateway_failures_unless_split()
    {
        Assert.Equal(new FailureRuns(3, 3, 3), After(FailureRuns.None, Given.Failures(3, local: 3)));
        Assert.Equal(new FailureRuns(0, 0, 3), After(FailureRuns.None, Given.Failures(3, local: 3), split: true));
        Assert.Equal(new FailureRuns(2, 2, 5), After(new(2, 2, 2), Given.Failures(3, local: 3), split: true));
    }

    [Fact]
    public void A_tail_that_mixes_failures_with_and_without_an_answer_is_counted_as_far_as_it_is_sure()
    {
        var seen = new EndpointObservation
        {
            EndpointId = "a",
            Succeeded = 1,
            Failed = 9,
            GatewayFailed = 4,
            LocalOriginFailed = 3,
            TrailingFailures = 7,
            TrailingGatewayFailures = 2,
            TrailingLocalOriginFailures = 1,
        };
        Assert.Equal(new FailureRuns(7, 3, 1), After(new(9, 9, 9), seen));
        Assert.Equal(new FailureRuns(4, 2, 1), After(new(9, 9, 9), seen, split: true));
        Assert.Equal(0, After(new(9, 9, 9), seen with { TrailingFailures = 2 }, split: true).Consecutive5xx);
        Assert.Equal(1, After(new(9, 9, 9), seen with { TrailingGatewayFailures = null }).ConsecutiveGatewayFailure);
        Assert.Equal(2, After(new(9, 9, 9), seen with { TrailingLocalOriginFailures = null }).ConsecutiveGatewayFailure);
    }

    [Fact]
    public void Impossible_counts_are_cut_to_possible_ones()
    {
        var nonsense = new EndpointObservation
        {
            EndpointId = "a",
            Succeeded = -5,
            Failed = 4,
            GatewayFailed = 100,
            LocalOriginFailed = 100,
            TrailingFailures = 1000,
        };
        Assert.Equal(new FailureRuns(4, 4, 0), After(FailureRuns.None, nonsense));
        Assert.Equal(new FailureRuns(4, 0, 0), After(FailureRuns.None, nonsense with { Succeeded = 1 }));
        Assert.Equal(FailureRuns.None, After(FailureRuns.None, Given.Failures(-3, -3, -3)));
        Assert.Equal(0, After(FailureRuns.None, Given.Seen(1, 5, -7)).Consecutive5xx);
    }

    [Fact]
    public void Runs_fill_up_instead_of_wrapping_around()
    {
        var full = After(After(FailureRuns.None, Given.Failures(long.MaxValue)), Given.Failures(long.MaxValue));
        Assert.Equal(long.MaxValue, full.Consecutive5xx);
    }

    [Theory]
    [InlineData(3, 1, 2, 3)]
    [InlineData(1, 3, 2, 3)]
    [InlineData(1, 2, 3, 3)]
    public void The_longest_run_is_the_longest_of_the_three(long any, long gateway, long local, long longest) =>
        Assert.Equal(longest, new FailureRuns(any, gateway, local).Longest());

    [Fact]
    public void The_strongest_of_several_detectors_speaks_and_5xx_first_among_equals()
    {
        var policy = new OutlierDetection { Consecutive5xx = 4, ConsecutiveGatewayFailure = 2, ConsecutiveLocalOriginFailure = 1 };
        Assert.Equal(new(OutlierDetector.ConsecutiveGatewayFailure, 4, 2), ConsecutiveDetectors.Judge(new(4, 4, 4), policy));
        Assert.Equal(new(OutlierDetector.Consecutive5xx, 4, 4), ConsecutiveDetectors.Judge(new(4, 1, 4), policy));
        Assert.Equal(
            new(OutlierDetector.ConsecutiveLocalOriginFailure, 4, 1),
            ConsecutiveDetectors.Judge(new(4, 4, 4), policy with { SplitExternalLocalOriginErrors = true }));
        Assert.Equal(
            OutlierDetector.Consecutive5xx, ConsecutiveDetectors.Judge(new(4, 4, 0), policy with { ConsecutiveGatewayFailure = 4 })?.Detector);
        Assert.Null(ConsecutiveDetectors.Judge(new(3, 1, 0), policy));
    }

    [Theory]
    [InlineData(5, 0, 0, false, 10)]
    [InlineData(0, 5, 0, false, 7)]
    [InlineData(0, 0, 5, false, 0)]
    [InlineData(0, 0, 0, false, 0)]
    [InlineData(5, 0, 0, true, 6)]
    [InlineData(0, 5, 0, true, 3)]
    [InlineData(0, 0, 5, true, 4)]
    [InlineData(5, 5, 5, true, 10)]
    [InlineData(0, 0, 0, true, 0)]
    public void Only_failures_that_a_detector_looks_at_are_counted(int any, int gateway, int local, bool split, long counted)
    {
        var policy = new OutlierDetection
        {
            Consecutive5xx = any,
            ConsecutiveGatewayFailure = gateway,
            ConsecutiveLocalOriginFailure = local,
            SplitExternalLocalOriginErrors = split,
        };
        Assert.Equal(counted, ConsecutiveDetectors.Counted(Given.Failures(10, gateway: 3, local: 4), policy));
    }
}
