using FsCheck.Fluent;
using Mesh.Core.Latency;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Xunit;

namespace Mesh.Core.Tests.Outliers;

/// <summary>Runs over several proxies whose reports say when things ended.</summary>
public class TimedRunsTests
{
    private static readonly FailureRuns Empty = FailureRuns.None;

    private static EndpointObservation Seen(string proxy, long succeeded, double? last, long failed, double? began, long? trailing = null) => new()
    {
        EndpointId = "a",
        Succeeded = succeeded,
        Failed = failed,
        TrailingFailures = trailing ?? failed,
        LastSuccess = last is { } l ? Given.At(l) : null,
        RunBegan = began is { } b ? Given.At(b) : null,
        Sources = failed == 0 ? [] : [new(proxy, failed, new(trailing ?? failed, 0, 0))],
    };

    [Fact]
    public void Whatever_the_order_of_arrival_a_run_is_never_longer_than_what_happened() => Properties.Hold(
        Timeline.Any.Zip(Gen.Elements(true, false)),
        given =>
        {
            var ((requests, reports), split) = given;
            var (runs, known) = (Empty, new List<Request>());
            foreach (var period in Timeline.Periods(requests, reports))
            {
                known.AddRange(period);
                runs = runs.Advance(Timeline.Observe(period), split);
                Assert.True(runs.Consecutive5xx <= Timeline.Truth(known, split).Consecutive5xx);
                Assert.Equal(runs.Consecutive5xx, runs.Sources.Sum(source => source.Consecutive5xx));
                Assert.Equal(runs.ConsecutiveLocalOriginFailure, runs.Sources.Sum(source => source.ConsecutiveLocalOriginFailure));
                // A source does not say how many of its local-origin failures came before a gateway failure; those are named for nobody.
                Assert.True(runs.ConsecutiveGatewayFailure >= runs.Sources.Sum(source => source.ConsecutiveGatewayFailure));
            }
        },
        cases: 2000);

    [Fact]
    public void Merged_in_any_portions_it_is_never_longer_either() => Properties.Hold(
        Timeline.Any.Zip(Gen.Choose(1, 5)),
        given =>
        {
            var ((requests, reports), portion) = given;
            var (runs, known) = (Empty, new List<Request>());
            foreach (var periods in Timeline.Periods(requests, reports).Chunk(portion))
            {
                known.AddRange(periods.SelectMany(period => period));
                var accumulator = new ReportAccumulator();
                foreach (var period in periods)
                {
                    accumulator.Add(Timeline.Observe(period));
                }

                runs = accumulator.Flush().Aggregate(runs, (run, seen) => run.Advance(seen, split: false));
                Assert.True(runs.Consecutive5xx <= Timeline.Truth(known, split: false).Consecutive5xx);
                Assert.Equal(runs.Consecutive5xx, runs.Sources.Sum(source => source.Consecutive5xx));
            }
        },
        cases: 2000);

    [Fact]
    public void Of_an_endpoint_that_broke_every_failure_counts_however_late_the_successes_of_before_are_told() => Properties.Hold(
        Timeline.Of(Gen.Constant(Ending.Success)).Zip(Gen.Choose(0, 30)).Zip(Gen.Choose(1, 4)),
        given =>
        {
            var (((requests, reports), broke), portion) = given;
            var history = requests.Select((request, i) => i < broke ? request : request with { Ending = Ending.Other5xx }).ToArray();
            var (runs, failed) = (Empty, 0);
            foreach (var periods in Timeline.Periods(history, reports).Chunk(portion))
            {
                failed += periods.SelectMany(period => period).Count(request => request.Ending != Ending.Success);
                runs = runs.Advance(periods.Select(Timeline.Observe).Aggregate(ObservationMerger.Merge), split: false);
                Assert.Equal(failed, runs.Consecutive5xx);
            }
        },
        cases: 1000);

    [Fact]
    public void A_merged_period_adds_up_what_each_proxy_saw() => Properties.Hold(
        Timeline.Any,
        given =>
        {
            var seen = Timeline.Periods(given.Requests, given.Reports).Select(Timeline.Observe).Aggregate(ObservationMerger.Merge);
            Assert.Equal(seen.Failed, seen.Sources.Sum(source => source.Failed));
            Assert.Equal(seen.TrailingFailures, seen.Sources.Sum(source => source.Run.Consecutive5xx));
            Assert.Equal(seen.TrailingGatewayFailures, seen.Sources.Sum(source => source.Run.ConsecutiveGatewayFailure));
            Assert.Equal(seen.TrailingLocalOriginFailures, seen.Sources.Sum(source => source.Run.ConsecutiveLocalOriginFailure));
            foreach (var proxy in given.Requests.GroupBy(request => request.Proxy))
            {
                var failed = proxy.Count(request => request.Ending != Ending.Success);
                Assert.Equal(failed, seen.Sources.SingleOrDefault(source => source.Proxy == $"p{proxy.Key}")?.Failed ?? 0);
            }

            var successes = given.Requests.Where(request => request.Ending == Ending.Success).ToArray();
            Assert.Equal(successes.LastOrDefault()?.Ended, seen.LastSuccess);
        },
        cases: 1000);

    [Fact]
    public void Successes_of_before_the_run_do_not_end_it_and_one_within_it_does()
    {
        var run = Empty.Advance(Seen("p1", 0, null, 3, began: 10), split: false);
        Assert.Equal(Given.At(10), run.Began);
        var longer = run.Advance(Seen("p2", 7, last: 9.9, 2, began: 10.5), split: false);
        Assert.Equal((5, Given.At(10), Given.At(9.9)), (longer.Consecutive5xx, longer.Began, longer.LastSuccess));
        Assert.Equal([new("p1", 3, 0, 0), new RunSource("p2", 2, 0, 0)], longer.Sources);
        Assert.Equal(6, longer.Advance(Seen("p3", 1, last: 10, 1, began: 10), split: false).Consecutive5xx);

        var anew = longer.Advance(Seen("p3", 1, last: 10.1, 1, began: 10.2), split: false);
        Assert.Equal((1, Given.At(10.2), Given.At(10.1)), (anew.Consecutive5xx, anew.Began, anew.LastSuccess));
        Assert.Equal([new RunSource("p3", 1, 0, 0)], anew.Sources);
    }

    [Fact]
    public void Failures_of_before_a_success_that_is_known_do_not_lengthen_a_run()
    {
        var success = Empty.Advance(Seen("p1", 1, last: 10, 0, began: null), split: false);
        var late = success.Advance(Seen("p2", 0, null, 4, began: 9.9), split: false);
        Assert.Equal((0, null), (late.Consecutive5xx, late.Began));
        Assert.Empty(late.Sources);
        Assert.Equal(4, success.Advance(Seen("p2", 0, null, 4, began: 10), split: false).Consecutive5xx);
        Assert.Equal(4, success.Advance(Seen("p2", 0, null, 4, began: null), split: false).Consecutive5xx);
    }

    [Fact]
    public void Without_times_a_success_ends_the_run_whenever_it_was()
    {
        var run = Empty.Advance(Seen("p1", 0, null, 3, began: null), split: false);
        Assert.Equal(2, run.Advance(Seen("p2", 7, last: 1, 2, began: 2), split: false).Consecutive5xx);
        var timed = Empty.Advance(Seen("p1", 0, null, 3, began: 10), split: false);
        Assert.Equal(2, timed.Advance(Seen("p2", 7, last: null, 2, began: 11), split: false).Consecutive5xx);
        Assert.Null(timed.Advance(Seen("p2", 0, null, 2, began: null), split: false).Began);
    }

    [Fact]
    public void Merging_keeps_the_earlier_tail_through_older_successes_and_drops_a_later_tail_that_is_older_than_a_success()
    {
        var broken = Seen("p1", 0, null, 3, began: 10);
        var before = Seen("p2", 5, last: 9, 2, began: 11);
        var merged = ObservationMerger.Merge(broken, before);
        Assert.Equal((5, Given.At(10), Given.At(9)), (merged.TrailingFailures, merged.RunBegan, merged.LastSuccess));
        Assert.Equal(merged with { Sources = [] }, ObservationMerger.Merge(before, broken) with { Sources = [] });

        var recovered = ObservationMerger.Merge(Seen("p1", 1, last: 12, 1, began: 13), broken);
        Assert.Equal((1, Given.At(13), 4), (recovered.TrailingFailures, recovered.RunBegan, recovered.Failed));
        Assert.Equal([new ReportSource("p1", 4, new(1, 0, 0))], recovered.Sources);
        var silent = ObservationMerger.Merge(broken, Seen("p2", 5, last: null, 0, began: null));
        Assert.Equal((0, null, null), (silent.TrailingFailures, silent.RunBegan, silent.LastSuccess));
    }

    [Fact]
    public void Evidence_names_the_proxies_the_busiest_first_and_adds_up()
    {
        var run = Empty.Advance(Seen("p1", 0, null, 2, began: 10), split: false)
            .Advance(Seen("p2", 0, null, 4, began: 11), split: false)
            .Advance(Seen("", 0, null, 3, began: 11), split: false);
        var evidence = ConsecutiveDetectors.Judge(run, new OutlierDetection())!;
        Assert.Equal((9, 5, Given.At(10)), (evidence.Count, evidence.Threshold, evidence.Since));
        Assert.Equal([new("p2", 4), new("p1", 2), new EvidenceSource("", 3)], evidence.Sources);
        Assert.Empty(ConsecutiveDetectors.Judge(new(9, 0, 0), new OutlierDetection())!.Sources);
    }

    [Fact]
    public void Each_detector_names_those_that_saw_its_own_failures()
    {
        var seen = new EndpointObservation
        {
            EndpointId = "a",
            Failed = 6,
            GatewayFailed = 2,
            LocalOriginFailed = 3,
            TrailingFailures = 6,
            TrailingGatewayFailures = 2,
            TrailingLocalOriginFailures = 3,
            Sources = [new("p1", 4, new(4, 2, 1)), new("p2", 2, new(2, 0, 2))],
        };
        var policy = new OutlierDetection { Consecutive5xx = 0, ConsecutiveLocalOriginFailure = 1, SplitExternalLocalOriginErrors = true };
        var run = Empty.Advance(seen, split: true);
        Assert.Equal(new FailureRuns(3, 2, 3), run with { Sources = [] });
        Assert.Equal([new("p1", 3, 2, 1), new RunSource("p2", 0, 0, 2)], run.Sources);
        Assert.Equal([new("p2", 2), new EvidenceSource("p1", 1)], ConsecutiveDetectors.Judge(run, policy)!.Sources);
        var more = run.Advance(seen with { Failed = 2, GatewayFailed = 2, LocalOriginFailed = 0, Sources = [new("p3", 2, new(2, 2, 0))] }, split: true);
        Assert.Equal([new("p1", 3, 2, 0), new RunSource("p3", 2, 2, 0)], more.Sources);
        var gateway = ConsecutiveDetectors.Judge(more, policy with { ConsecutiveGatewayFailure = 2 })!;
        Assert.Equal([new("p1", 2), new EvidenceSource("p3", 2)], gateway.Sources);
    }

    [Fact]
    public void A_report_is_read_by_the_clock_of_whoever_gets_it()
    {
        var report = new ServiceReport
        {
            Service = new("default", "a"),
            Reporter = "gateway-1",
            SentAt = Given.At(100),
            Observations = [Seen("p1", 1, last: 98, 1, began: 99), Given.Successes(1)],
        };
        var read = report.ReceivedAt(Given.At(40)).ToArray();
        Assert.Equal((Given.At(38), Given.At(39)), (read[0].LastSuccess, read[0].RunBegan));
        Assert.Same(report.Observations[1], read[1]);
        var untimed = (report with { SentAt = null }).ReceivedAt(Given.At(40)).First();
        Assert.Equal((null, null, 1), (untimed.LastSuccess, untimed.RunBegan, untimed.Failed));
        var ends = report with { SentAt = DateTimeOffset.MinValue, Observations = [Seen("p1", 1, last: 98, 1, began: null)] };
        Assert.Equal((DateTimeOffset.MaxValue, null), (ends.ReceivedAt(DateTimeOffset.MaxValue).Single().LastSuccess, ends.ReceivedAt(Given.Start).Single().RunBegan));
        var past = report with { SentAt = DateTimeOffset.MaxValue };
        Assert.Equal(DateTimeOffset.MinValue, past.ReceivedAt(DateTimeOffset.MinValue).First().LastSuccess);
    }

    [Fact]
    public void Observations_runs_and_evidence_compare_by_content()
    {
        var seen = Seen("p1", 1, last: 98, 1, began: 99);
        var same = Seen("p1", 1, last: 98, 1, began: 99);
        Assert.Equal(seen, same);
        Assert.Equal(seen.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(seen, same with { Sources = [] });
        Assert.NotEqual(seen, same with { InFlightSeconds = 1 });
        Assert.NotEqual(seen, same with { Statuses = new(1, 0, 0, 0) });
        Assert.NotEqual(seen, same with { Latency = LatencySketch.Of([1]) });
        Assert.NotEqual(seen, same with { RunBegan = null });
        Assert.NotEqual(seen, same with { GatewayFailed = 1 });
        Assert.False(seen.Equals(null));
        Assert.Equal(Empty.Advance(seen, false), Empty.Advance(same, false));
        Assert.Equal(Empty.Advance(seen, false).GetHashCode(), Empty.Advance(same, false).GetHashCode());
        Assert.NotEqual(Empty.Advance(seen, false), Empty.Advance(same with { Sources = [] }, false));
        Assert.NotEqual(new FailureRuns(1, 1, 1), new FailureRuns(1, 1, 2));
        Assert.False(Empty.Equals(null));
        var evidence = new OutlierEvidence(OutlierDetector.Latency, 1, 1) { Sources = [new("p1", 1)] };
        Assert.Equal(evidence, evidence with { Sources = [new("p1", 1)] });
        Assert.Equal(evidence.GetHashCode(), (evidence with { Sources = [new("p1", 1)] }).GetHashCode());
        Assert.NotEqual(evidence, evidence with { Sources = [] });
        Assert.NotEqual(evidence, evidence with { Limit = 1 });
        Assert.NotEqual(evidence, evidence with { Note = "x" });
        Assert.False(evidence.Equals(null));
    }

    [Fact]
    public void What_merges_beside_the_counts_adds_up()
    {
        var left = Given.Successes(1) with { Statuses = new(1, 2, 3, 4), Latency = LatencySketch.Of([0.1]), InFlightSeconds = 0.5 };
        var right = Given.Successes(1) with { Statuses = new(10, 20, 30, 40), Latency = LatencySketch.Of([0.2]), InFlightSeconds = 1.5 };
        var both = ObservationMerger.Merge(left, right);
        Assert.Equal((new(11, 22, 33, 44), 2.0, 2), (both.Statuses, both.InFlightSeconds, both.Latency!.Count));
        Assert.Same(left.Latency, ObservationMerger.Merge(left, right with { Latency = null }).Latency);
        Assert.Same(right.Latency, ObservationMerger.Merge(left with { Latency = null }, right).Latency);
        Assert.Equal(1.5, ObservationMerger.Merge(left with { InFlightSeconds = double.NaN }, right).InFlightSeconds);
        Assert.Equal(0.5, ObservationMerger.Merge(left, right with { InFlightSeconds = double.PositiveInfinity }).InFlightSeconds);
        Assert.Equal(0.5, ObservationMerger.Merge(left, right with { InFlightSeconds = -1 }).InFlightSeconds);

        var hanging = new ReportAccumulator();
        hanging.Add(Given.Successes(0) with { InFlightSeconds = 1 });
        Assert.Equal((1, false), (hanging.Count, hanging.HasFailures));
    }

    [Fact]
    public void Beyond_so_many_names_the_rest_is_added_up_under_none()
    {
        var many = Enumerable.Range(0, 70).Select(i => Seen($"p{i}", 0, null, 2, began: i)).Aggregate(ObservationMerger.Merge);
        Assert.Equal(65, many.Sources.Length);
        Assert.Equal(new("", 12, new(12, 0, 0)), many.Sources[^1]);
        Assert.Equal(140, many.Sources.Sum(source => source.Failed));
        var again = ObservationMerger.Merge(many, Seen("p3", 0, null, 1, began: 80) with { Sources = [] });
        Assert.Equal((65, 13, 141), (again.Sources.Length, again.Sources[^1].Failed, again.Sources.Sum(source => source.Failed)));
        Assert.Equal(3, ObservationMerger.Merge(again, Seen("p63", 0, null, 1, began: 81)).Sources[63].Failed);

        var run = Empty.Advance(many, split: false).Advance(Seen("p69", 0, null, 1, began: 80), split: false);
        Assert.Equal((141, 64), (run.Consecutive5xx, run.Sources.Length));
        Assert.Equal(new EvidenceSource("", 13), ConsecutiveDetectors.Judge(run, new())!.Sources[^1]);
    }

    [Fact]
    public void What_sources_claim_beyond_the_counts_is_cut_off()
    {
        var liar = Seen("p1", 0, null, 3, began: 1) with { Sources = [new("p1", 2, new(9, 9, 9)), new("p2", 9, new(9, 9, 9)), new("p3", -1, new(-1, -1, -1))] };
        Assert.Equal([new("p1", 2, 0, 0), new RunSource("p2", 1, 0, 0)], Empty.Advance(liar, split: false).Sources);
        Assert.Equal([new("p1", 3)], EvidenceSources.OfFailures(liar with { Sources = [new("p1", 9, Empty)] }, 3));
        Assert.Empty(EvidenceSources.OfFailures(liar with { Sources = [] }, 3));
        Assert.Equal([new("p1", 1), new EvidenceSource("", 2)], EvidenceSources.OfFailures(liar with { Sources = [new("p1", 1, Empty), new("", 1, Empty)] }, 3));
    }

    [Fact]
    public void Where_nothing_succeeded_all_that_a_proxy_saw_is_its_tail_also_when_it_cannot_tell_the_order()
    {
        var plain = Given.Failures(3) with { Sources = [new("envoy", 3, Empty)] };
        var merged = ObservationMerger.Merge(Given.Seen(1, 0, null), plain);
        Assert.Equal([new ReportSource("envoy", 3, new(3, 0, 0))], merged.Sources);
        Assert.Equal([new RunSource("envoy", 3, 0, 0)], Empty.Advance(plain, split: false).Sources);
        var silent = ObservationMerger.Merge(plain, Given.Seen(1, 2, 1));
        Assert.Equal([new("envoy", 3, Empty), new ReportSource("", 2, new(1, 0, 0))], silent.Sources);
    }
}
