using System.Collections.Immutable;
using FsCheck.Fluent;
using Mesh.Core.Latency;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Verdicts;
using Mesh.Core.Verdicts.Statistics;
using Xunit;

namespace Mesh.Core.Tests.Verdicts;

public class IntervalDetectorTests
{
    private static readonly OutlierDetection Policy = new();

    private static ImmutableArray<EndpointWindow> Windows(params (long Succeeded, long Failed)[] counts) =>
        [.. counts.Select((count, i) => new EndpointWindow($"e{i}", count.Succeeded, count.Failed, 0) { Since = Given.Start })];

    private static (long, long)[] Healthy(int count, long requests = 1000, long failed = 10) => [.. Enumerable.Repeat((requests - failed, failed), count)];

    private static string Ids(IEnumerable<EjectionProposal> proposals) => string.Join(',', proposals.Select(proposal => proposal.EndpointId));

    [Fact]
    public void A_success_rate_far_below_the_others_stands_out_and_its_figures_add_up()
    {
        var windows = Windows([(700, 300), .. Healthy(19)]);
        windows = windows.SetItem(0, windows[0] with { Sources = [new("p1", 200), new("p2", 100)] });
        var proposal = Assert.Single(RateDetectors.SuccessRate(windows, Policy));
        var evidence = proposal.Evidence;
        Assert.Equal(("e0", OutlierDetector.SuccessRate, 300, 1000), (proposal.EndpointId, evidence.Detector, evidence.Count, evidence.Requests));
        Assert.Equal((0.3, 0.01, 20, Given.Start), (evidence.Observed, evidence.Peers, evidence.Hosts, evidence.Since));
        var mean = (0.3 + 19 * 0.01) / 20;
        var stdev = Math.Sqrt((Math.Pow(0.3 - mean, 2) + 19 * Math.Pow(0.01 - mean, 2)) / 20);
        Assert.Equal((long)((mean + 1.9 * stdev) * 1000) + 1, evidence.Threshold);
        Assert.Equal((evidence.Threshold - 1) / 1000.0, evidence.Limit);
        Assert.Equal([new("p1", 200), new EvidenceSource("p2", 100)], evidence.Sources);
        Assert.Equal("low success rate: 300 of 1000 requests failed, 1 % at its peers", evidence.Reason);
    }

    [Fact]
    public void What_envoy_would_eject_by_chance_alone_stays()
    {
        // 1.9 standard deviations are passed, but 17 of 1,000 where 10 are usual is nothing special among twenty.
        var windows = Windows([(983, 17), .. Healthy(19)]);
        Assert.Empty(RateDetectors.SuccessRate(windows, Policy));
        var peers = FisherTest.Allowed(1000, 190, 19_000);
        Assert.Empty(RateDetectors.SuccessRate(Windows([(1000 - peers, peers), .. Healthy(19)]), Policy));
        var proposal = Assert.Single(RateDetectors.SuccessRate(Windows([(999 - peers, peers + 1), .. Healthy(19)]), Policy));
        Assert.Equal((peers + 1, peers + 1), (proposal.Evidence.Count, proposal.Evidence.Threshold));
    }

    [Theory]
    [InlineData(5, 100, true)]
    [InlineData(6, 100, false)]
    [InlineData(5, 1000, true)]
    [InlineData(5, 1001, false)]
    public void Success_rates_need_hosts_with_volume(int hosts, int volume, bool found)
    {
        var windows = Windows([(300, 700), .. Healthy(4), (1, 1)]);
        var policy = Policy with { SuccessRateMinimumHosts = hosts, SuccessRateRequestVolume = volume };
        Assert.Equal(found ? "e0" : "", Ids(RateDetectors.SuccessRate(windows, policy)));
    }

    [Fact]
    public void A_factor_too_large_for_so_few_endpoints_finds_nobody()
    {
        Assert.Empty(RateDetectors.SuccessRate(Windows([(300, 700), .. Healthy(4)]), Policy with { SuccessRateStdevFactor = 2001 }));
        Assert.Equal("e0", Ids(RateDetectors.SuccessRate(Windows([(300, 700), .. Healthy(4)]), Policy with { SuccessRateStdevFactor = 1990 })));
        Assert.Empty(RateDetectors.SuccessRate(Windows(Healthy(20)), Policy));
        Assert.Empty(RateDetectors.SuccessRate(Windows((0, 100)), Policy with { SuccessRateMinimumHosts = 0 }));
        Assert.Empty(RateDetectors.SuccessRate([], Policy));
    }

    [Theory]
    [InlineData(150, 850, true)]
    [InlineData(151, 849, false)]
    [InlineData(7, 42, false)]
    [InlineData(7, 43, true)]
    [InlineData(8, 42, false)]
    public void A_failure_percentage_counts_whatever_the_others_do(long succeeded, long failed, bool found)
    {
        var windows = Windows([(succeeded, failed), .. Healthy(4)]);
        Assert.Equal(found ? "e0" : "", Ids(RateDetectors.FailurePercentage(windows, Policy)));
        Assert.Equal("", Ids(RateDetectors.FailurePercentage(windows, Policy with { FailurePercentageMinimumHosts = 6 })));
    }

    [Fact]
    public void All_may_have_too_high_a_failure_percentage_and_the_figures_add_up()
    {
        var proposals = RateDetectors.FailurePercentage(Windows((0, 100), (10, 90), (15, 85), (0, 50), (0, 50)), Policy).ToArray();
        Assert.Equal("e0,e1,e2,e3,e4", Ids(proposals));
        var evidence = proposals[1].Evidence;
        Assert.Equal((90, 85, 100, 0.9, 0.85), (evidence.Count, evidence.Threshold, evidence.Requests, evidence.Observed!.Value, evidence.Limit!.Value));
        Assert.Equal((285.0 / 300, 5), (evidence.Peers!.Value, evidence.Hosts));
        Assert.Equal("high failure percentage: 90 of 100 requests failed, 95 % at its peers", evidence.Reason);
        var alone = Assert.Single(RateDetectors.FailurePercentage(Windows((0, 100)), Policy with { FailurePercentageMinimumHosts = 0 }));
        Assert.Null(alone.Evidence.Peers);
        Assert.Equal("high failure percentage: 100 of 100 requests failed", alone.Evidence.Reason);
        Assert.Empty(RateDetectors.FailurePercentage(Windows((1, 0)), Policy with { FailurePercentageMinimumHosts = 0, FailurePercentageRequestVolume = 0, FailurePercentageThreshold = 0 }));
    }

    [Fact]
    public void Local_origin_failures_are_looked_at_apart_when_split()
    {
        var policy = Policy with { SplitExternalLocalOriginErrors = true };
        ImmutableArray<EndpointWindow> windows =
        [
            new("answers", 100, 900, 0) { Sources = [new("p1", 900)] },
            new("local", 100, 900, 900) { Sources = [new("p1", 900)] },
            new("both", 100, 900, 400) { Sources = [new("p1", 900)] },
            .. Windows(Healthy(20)),
        ];
        var found = RateDetectors.FailurePercentage(windows, policy).ToArray();
        Assert.Equal(["answers", "local"], found.Select(proposal => proposal.EndpointId));
        Assert.Equal((RateDetectors.AnswersOnly, 900, 1000, 1), (found[0].Evidence.Note, found[0].Evidence.Count, found[0].Evidence.Requests, found[0].Evidence.Sources.Length));
        Assert.Equal((RateDetectors.LocalOriginOnly, 900, 1000, 1), (found[1].Evidence.Note, found[1].Evidence.Count, found[1].Evidence.Requests, found[1].Evidence.Sources.Length));
        var rates = RateDetectors.SuccessRate(windows, policy).ToArray();
        Assert.Equal(["answers", "both", "local"], rates.Select(proposal => proposal.EndpointId));
        Assert.Equal((500, 600), (rates[1].Evidence.Count, rates[1].Evidence.Requests));
        // Of these nobody knows who saw the answers and who the rest.
        Assert.Empty(rates[1].Evidence.Sources);
        var low = RateDetectors.SuccessRate(windows, policy with { SuccessRateStdevFactor = 500 }).Last().Evidence;
        Assert.Equal((400, 1000, RateDetectors.LocalOriginOnly, 0), (low.Count, low.Requests, low.Note, low.Sources.Length));
    }

    private static EndpointWindow Timed(string id, params (double Seconds, int Count)[] took) => new(id, took.Sum(t => t.Count), 0, 0)
    {
        Latency = LatencySketch.Of(took.SelectMany(t => Enumerable.Repeat(t.Seconds, t.Count))),
        Since = Given.Start,
    };

    private static ImmutableArray<EndpointWindow> Fast(int count) => [.. Enumerable.Range(1, count).Select(i => Timed($"e{i}", (0.010, 190), (0.030, 10)))];

    [Fact]
    public void An_endpoint_that_is_slow_stands_out_and_its_figures_add_up()
    {
        var proposal = Assert.Single(LatencyDetector.Judge([Timed("slow", (0.010, 100), (0.5, 100)), .. Fast(5)], Policy));
        var evidence = proposal.Evidence;
        Assert.Equal(("slow", OutlierDetector.Latency, 100, 200, 6), (proposal.EndpointId, evidence.Detector, evidence.Count, evidence.Requests, evidence.Hosts));
        Assert.InRange(evidence.Observed!.Value, 0.45, 0.55);
        Assert.InRange(evidence.Peers!.Value, 0.009, 0.011);
        Assert.Equal(evidence.Peers + 0.02, evidence.Limit);
        // A twentieth of the requests is above its own 95th percentile in any case.
        Assert.Equal(11, evidence.Threshold);
        Assert.Equal(Given.Start, evidence.Since);
        Assert.StartsWith("p95;", evidence.Note, StringComparison.Ordinal);
        Assert.Matches("^slow: [0-9.]+ ms, its peers 9.[0-9]+ ms$", evidence.Reason);
    }

    [Fact]
    public void Slow_by_a_factor_but_not_by_much_or_by_chance_is_not_slow()
    {
        Assert.Empty(LatencyDetector.Judge([Timed("slow", (0.004, 200)), .. Enumerable.Range(0, 5).Select(i => Timed($"e{i}", (0.001, 200)))], Policy));
        Assert.Single(LatencyDetector.Judge(
            [Timed("slow", (0.004, 200)), .. Enumerable.Range(0, 5).Select(i => Timed($"e{i}", (0.001, 200)))], Policy with { LatencyMinimumDifference = TimeSpan.Zero }));
        Assert.Empty(LatencyDetector.Judge([Timed("slow", (0.025, 200)), .. Fast(5)], Policy));
        // Six of a hundred at the slow end are above the 95th percentile, and might have been any endpoint's.
        ImmutableArray<EndpointWindow> peers = [.. Enumerable.Range(0, 5).Select(i => Timed($"e{i}", (0.010, 96), (0.5, 4)))];
        Assert.Empty(LatencyDetector.Judge([Timed("unlucky", (0.010, 93), (0.5, 7)), .. peers], Policy));
    }

    [Theory]
    [InlineData(6, 100, 1)]
    [InlineData(7, 100, 0)]
    [InlineData(6, 200, 1)]
    [InlineData(6, 201, 0)]
    public void Latencies_need_hosts_with_volume(int hosts, int volume, int found)
    {
        var policy = Policy with { LatencyMinimumHosts = hosts, LatencyRequestVolume = volume };
        ImmutableArray<EndpointWindow> windows = [Timed("slow", (0.5, 200)), .. Fast(5), new("untold", 1000, 0, 0)];
        Assert.Equal(found, LatencyDetector.Judge(windows, policy).Count());
    }

    [Fact]
    public void The_median_is_that_of_the_others() => Properties.Hold(
        Gen.Choose(1, 400).NonEmptyListOf().Where(list => list.Count is >= 2 and <= 30),
        milliseconds =>
        {
            ImmutableArray<EndpointWindow> windows = [.. milliseconds.Select((ms, i) => Timed($"e{i}", (ms / 1000.0, 200)))];
            var policy = Policy with { LatencyMinimumHosts = 2, LatencyMinimumDifference = TimeSpan.Zero, LatencyFactor = 100 };
            foreach (var proposal in LatencyDetector.Judge(windows, policy))
            {
                var others = windows.Where(window => window.EndpointId != proposal.EndpointId).Select(window => window.Latency!.Quantile(0.95)).Order().ToArray();
                var median = others.Length % 2 == 1 ? others[others.Length / 2] : (others[others.Length / 2] + others[others.Length / 2 - 1]) / 2;
                Assert.Equal(median, proposal.Evidence.Peers);
            }

            var slowest = windows.MaxBy(window => window.Latency!.Quantile(0.95))!;
            if (milliseconds.Max() > 2 * milliseconds.Order().SkipLast(1).Last())
            {
                Assert.Contains(LatencyDetector.Judge(windows, policy), proposal => proposal.EndpointId == slowest.EndpointId);
            }
        });

    private static EndpointWindow By(string id, long succeeded, params (string Proxy, long Count)[] sources) =>
        new(id, succeeded, sources.Sum(source => source.Count), 0) { Since = Given.Start, Sources = [.. sources.Select(source => new EvidenceSource(source.Proxy, source.Count))] };

    [Fact]
    public void Failures_that_one_proxy_sees_and_the_others_do_not_are_told_apart()
    {
        ImmutableArray<EndpointWindow> windows =
        [
            By("e0", 900, ("p7", 100), ("p1", 2)),
            .. Enumerable.Range(1, 9).Select(i => By($"e{i}", 990, ("p1", 4), ("p2", 3), ("p7", 3))),
        ];
        var proposal = Assert.Single(OneProxyDetector.Judge(windows));
        var evidence = proposal.Evidence;
        Assert.Equal(("e0", OutlierDetector.OneProxy, 100, 102), (proposal.EndpointId, evidence.Detector, evidence.Count, evidence.Requests));
        Assert.Equal([new EvidenceSource("p7", 100)], evidence.Sources);
        Assert.Equal((27.0 / 90, 100.0 / 102, 10, Given.Start), (evidence.Peers!.Value, evidence.Observed!.Value, evidence.Hosts, evidence.Since));
        Assert.Equal(FisherTest.Allowed(102, 27, 90) + 1, evidence.Threshold);
        Assert.Equal((evidence.Threshold - 1) / 102.0, evidence.Limit);
        Assert.Equal("one proxy saw 100 of its 102 failures", evidence.Reason);
    }

    [Fact]
    public void A_proxy_that_sees_failures_everywhere_or_all_there_are_says_nothing_of_an_endpoint()
    {
        Assert.Empty(OneProxyDetector.Judge([.. Enumerable.Range(0, 9).Select(i => By($"e{i}", 900, ("p7", 100)))]));
        Assert.Empty(OneProxyDetector.Judge([By("e0", 900, ("p7", 100)), .. Enumerable.Range(1, 9).Select(i => By($"e{i}", 900))]));
        Assert.Empty(OneProxyDetector.Judge([By("e0", 0, ("p7", 100)), .. Enumerable.Range(1, 9).Select(i => By($"e{i}", 900, ("p1", 40)))]));
        Assert.Empty(OneProxyDetector.Judge([By("e0", 900, ("p7", 4)), .. Enumerable.Range(1, 9).Select(i => By($"e{i}", 900, ("p1", 400)))]));
        Assert.Single(OneProxyDetector.Judge([By("e0", 900, ("p7", 5)), .. Enumerable.Range(1, 9).Select(i => By($"e{i}", 900, ("p1", 400)))]));
    }
}
