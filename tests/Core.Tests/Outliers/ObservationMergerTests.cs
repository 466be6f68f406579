using System.Text.Json;
using FsCheck.Fluent;
using Mesh.Core.Outliers;
using Xunit;

namespace Mesh.Core.Tests.Outliers;

public class ObservationMergerTests
{
    [Fact]
    public void Two_periods_that_know_their_order_merge_into_what_one_period_would_have_said() => Properties.Hold(
        Sequence.OneEnding.ArrayOf().Two(),
        given =>
        {
            var (earlier, later) = given;
            Assert.Equal(
                Sequence.Observe([.. earlier, .. later]),
                ObservationMerger.Merge(Sequence.Observe(earlier), Sequence.Observe(later)));
        });

    [Fact]
    public void A_run_advanced_by_a_merged_period_is_as_long_as_one_advanced_by_both() => Properties.Hold(
        Sequence.OneEnding.ArrayOf().Two().Zip(Gen.Elements(0, 1, 2, 3)).Zip(Gen.Choose(0, 9)),
        given =>
        {
            var (((earlier, later), order), run) = given;
            var a = (order & 1) == 0 ? Sequence.Observe(earlier) : Sequence.ObserveWithoutOrder(earlier);
            var b = (order & 2) == 0 ? Sequence.Observe(later) : Sequence.ObserveWithoutOrder(later);
            var runs = new FailureRuns(run, run, run);
            var merged = ObservationMerger.Merge(a, b);

            var together = runs.Advance([a, b], split: false);
            Assert.True(runs.Advance(merged, split: false).AtMost(together));
            Assert.Equal(together.Consecutive5xx, runs.Advance(merged, split: false).Consecutive5xx);

            var apart = runs.Advance([a, b], split: true);
            Assert.True(runs.Advance(merged, split: true).AtMost(apart));
            Assert.Equal(apart.ConsecutiveGatewayFailure, runs.Advance(merged, split: true).ConsecutiveGatewayFailure);
            Assert.Equal(apart.ConsecutiveLocalOriginFailure, runs.Advance(merged, split: true).ConsecutiveLocalOriginFailure);
        });

    [Fact]
    public void Merging_does_not_depend_on_how_it_is_bracketed() => Properties.Hold(
        Sequence.OneEnding.ArrayOf().Three(),
        given =>
        {
            var (a, b, c) = (Sequence.Observe(given.Item1), Sequence.Observe(given.Item2), Sequence.Observe(given.Item3));
            Assert.Equal(
                ObservationMerger.Merge(ObservationMerger.Merge(a, b), c),
                ObservationMerger.Merge(a, ObservationMerger.Merge(b, c)));
        });

    [Fact]
    public void What_nobody_knows_stays_unknown()
    {
        Assert.Null(ObservationMerger.Merge(Given.Failures(2), Given.Seen(1, 2, null)).TrailingFailures);
        Assert.Equal(3, ObservationMerger.Merge(Given.Seen(1, 2, null), Given.Failures(3)).TrailingFailures);
        Assert.Equal(5, ObservationMerger.Merge(Given.Failures(2), Given.Failures(3)).TrailingFailures);
    }

    [Fact]
    public void Observations_of_two_endpoints_do_not_merge()
    {
        var thrown = Assert.Throws<ArgumentException>(
            () => ObservationMerger.Merge(Given.Failures(1), new EndpointObservation { EndpointId = "b" }));
        Assert.Contains("'b' is not 'a'", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Counts_fill_up_instead_of_wrapping_around()
    {
        var full = ObservationMerger.Merge(Given.Seen(long.MaxValue, long.MaxValue, 1), Given.Seen(1, 1, 1));
        Assert.Equal((long.MaxValue, long.MaxValue), (full.Succeeded, full.Failed));
    }

    [Fact]
    public void An_accumulator_adds_up_per_endpoint_in_order_of_arrival_and_starts_anew_after_a_flush()
    {
        var accumulator = new ReportAccumulator();
        accumulator.Add(new EndpointObservation { EndpointId = "b", Succeeded = 1 });
        Assert.False(accumulator.HasFailures);
        accumulator.Add(Given.Failures(2));
        accumulator.Add(Given.Seen(1, 3, trailing: 1));
        accumulator.Add(Given.Failures(4));
        Assert.True(accumulator.HasFailures);
        Assert.Equal(2, accumulator.Count);

        var flushed = accumulator.Flush();
        Assert.Equal(["a", "b"], flushed.Select(o => o.EndpointId));
        Assert.Equal((1, 9, 5), (flushed[0].Succeeded, flushed[0].Failed, flushed[0].TrailingFailures));
        Assert.Equal((0, false), (accumulator.Count, accumulator.HasFailures));
        Assert.Empty(accumulator.Flush());
    }

    [Fact]
    public void A_report_survives_json()
    {
        var report = new ServiceReport { Service = new("default", "a"), Reporter = "gateway-1", Observations = [Given.Seen(1, 2, null)] };
        var read = JsonSerializer.Deserialize<ServiceReport>(JsonSerializer.Serialize(report))!;
        Assert.Equal(report.Observations, read.Observations);
        Assert.Equal(report, read with { Observations = report.Observations });
    }

    [Fact]
    public void An_observation_without_any_count_is_dropped()
    {
        var accumulator = new ReportAccumulator();
        accumulator.Add(Given.Successes(0));
        accumulator.Add(Given.Failures(-1));
        Assert.Equal(0, accumulator.Count);
    }

    [Fact]
    public void What_is_added_one_by_one_is_what_happened() => Properties.Hold(
        Sequence.Periods,
        periods =>
        {
            var accumulator = new ReportAccumulator();
            foreach (var period in periods)
            {
                accumulator.Add(Sequence.Observe(period));
            }

            var all = periods.SelectMany(p => p).ToArray();
            Assert.Equal(all.Any(e => e != Ending.Success), accumulator.HasFailures);
            Assert.Equal(all.Length == 0 ? [] : [Sequence.Observe(all)], accumulator.Flush());
        });
}
