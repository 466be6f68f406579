using Envoy.Config.Core.V3;
using Envoy.Config.Endpoint.V3;
using Google.Protobuf.WellKnownTypes;
using Mesh.Core.Latency;
using Mesh.Core.Outliers;
using Mesh.Xds.LoadReports;
using static Mesh.Xds.Tests.Snapshots;
using HealthStatus = Mesh.Core.Health.HealthStatus;

namespace Mesh.Xds.Tests.LoadReports;

public sealed class LoadReportReaderTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly EndpointIndex Index = EndpointIndex.Of(Of(
        1, Endpoint("a", 1), Endpoint("b", 2, HealthStatus.Draining), Endpoint("six", 3) with { Address = "::1" }));

    [Fact]
    public void A_plain_report_tells_how_many_but_not_in_which_order() => Assert.Equal(
        new EndpointObservation { EndpointId = "a", Succeeded = 5, Failed = 2 },
        One(Stats("10.0.0.1", 1, 5, 2)) with { Sources = [] });

    [Fact]
    public void Our_proxys_metrics_tell_what_sort_of_failures_and_how_they_ended() => Assert.Equal(
        new EndpointObservation
        {
            EndpointId = "a",
            Succeeded = 5,
            Failed = 9,
            GatewayFailed = 4,
            LocalOriginFailed = 3,
            TrailingFailures = 2,
            TrailingGatewayFailures = 1,
            TrailingLocalOriginFailures = 0,
        },
        One(Stats(
            "10.0.0.1", 1, 5, 9,
            (MetricNames.GatewayFailure, 4), (MetricNames.LocalOriginFailure, 3),
            (MetricNames.Trailing5xx, 2), (MetricNames.TrailingGatewayFailure, 1), (MetricNames.TrailingLocalOriginFailure, 0), ("cpu", 1))) with
        { Sources = [] });

    [Fact]
    public void One_that_is_leaving_is_still_known_and_so_is_an_address_in_other_words()
    {
        var read = Read(Stats("10.0.0.1", 2, 1, 0), Stats("0:0:0:0:0:0:0:1", 3, 1, 0));

        Assert.Equal(["b", "six"], read.Observations.Select(o => o.EndpointId));
    }

    [Fact]
    public void What_cannot_be_led_back_is_counted_and_no_more()
    {
        var read = Read(Stats("10.0.0.1", 9, 1, 0), Stats("10.0.0.1", 1, 0, 0), new UpstreamEndpointStats { TotalErrorRequests = 1 });

        Assert.Empty(read.Observations);
        Assert.Equal(2, read.UnknownEndpoints);
    }

    [Fact]
    public void A_locality_without_endpoints_is_counted_apart()
    {
        var stats = new ClusterStats { UpstreamLocalityStats = { new UpstreamLocalityStats { TotalSuccessfulRequests = 3, TotalErrorRequests = 4 } } };

        Assert.Equal(7, LoadReportReader.Read(stats, Index, "web-1", Now).Unattributed);
    }

    [Theory]
    [InlineData(double.NaN, 0)]
    [InlineData(double.NegativeInfinity, 0)]
    [InlineData(-1, 0)]
    [InlineData(double.PositiveInfinity, LoadReportReader.MaxCount)]
    public void Absurd_numbers_are_cut(double value, long expected)
    {
        var observation = Assert.Single(Read(Stats("10.0.0.1", 1, ulong.MaxValue, ulong.MaxValue, (MetricNames.Trailing5xx, value))).Observations);

        Assert.Equal((LoadReportReader.MaxCount, LoadReportReader.MaxCount, expected), (observation.Succeeded, observation.Failed, observation.TrailingFailures));
    }

    [Fact]
    public void Ages_count_back_from_when_the_report_came()
    {
        var seen = One(Stats("10.0.0.1", 1, 5, 2, (MetricNames.Trailing5xx, 2), (MetricNames.LastSuccessAge, 1.5), (MetricNames.RunAge, 0.25)));

        Assert.Equal((Now.AddSeconds(-1.5), Now.AddSeconds(-0.25)), (seen.LastSuccess!.Value, seen.RunBegan!.Value));
    }

    [Theory]
    [InlineData(-5, 0)]
    [InlineData(0, 0)]
    [InlineData(86_400, -86_400)]
    [InlineData(86_401, null)]
    [InlineData(1e300, null)]
    [InlineData(double.NaN, null)]
    [InlineData(double.PositiveInfinity, null)]
    [InlineData(double.NegativeInfinity, 0)]
    public void An_age_that_makes_no_sense_is_as_none_and_nothing_lies_in_the_future(double age, int? seconds)
    {
        var good = One(Stats("10.0.0.1", 1, 1, 0, (MetricNames.LastSuccessAge, age)));
        var bad = One(Stats("10.0.0.1", 1, 0, 1, (MetricNames.Trailing5xx, 1), (MetricNames.RunAge, age)));

        Assert.Equal(seconds is { } s ? Now.AddSeconds(s) : null, good.LastSuccess);
        Assert.Equal(seconds is { } r ? Now.AddSeconds(r) : null, bad.RunBegan);
    }

    [Fact]
    public void A_run_does_not_begin_before_the_success_that_it_follows()
    {
        var seen = One(Stats("10.0.0.1", 1, 1, 1, (MetricNames.Trailing5xx, 1), (MetricNames.LastSuccessAge, 2), (MetricNames.RunAge, 3)));

        Assert.Equal(seen.LastSuccess, seen.RunBegan);
    }

    [Fact]
    public void Ages_of_what_did_not_happen_are_not_taken()
    {
        var seen = One(Stats("10.0.0.1", 1, 0, 1, (MetricNames.Trailing5xx, 0), (MetricNames.LastSuccessAge, 1), (MetricNames.RunAge, 1)));

        Assert.Equal((null, null), (seen.LastSuccess, seen.RunBegan));
    }

    [Fact]
    public void A_sender_that_tells_the_order_need_not_say_what_is_nought()
    {
        var seen = One(Stats("10.0.0.1", 1, 1, 1, (MetricNames.Trailing5xx, 1)));

        Assert.Equal((1, 0, 0), (seen.TrailingFailures, seen.TrailingGatewayFailures, seen.TrailingLocalOriginFailures));
    }

    [Fact]
    public void Parts_are_cut_to_their_whole()
    {
        var seen = One(Stats(
            "10.0.0.1", 1, 5, 4, (MetricNames.GatewayFailure, 3), (MetricNames.LocalOriginFailure, 3),
            (MetricNames.Trailing5xx, 9), (MetricNames.TrailingGatewayFailure, 9), (MetricNames.TrailingLocalOriginFailure, 9)));

        Assert.Equal((3, 1), (seen.GatewayFailed, seen.LocalOriginFailed));
        Assert.Equal((4, 3, 1), (seen.TrailingFailures, seen.TrailingGatewayFailures, seen.TrailingLocalOriginFailures));
    }

    [Fact]
    public void Failures_name_the_client_that_saw_them_with_the_same_numbers()
    {
        var seen = One(Stats(
            "10.0.0.1", 1, 5, 4, (MetricNames.GatewayFailure, 2), (MetricNames.LocalOriginFailure, 1),
            (MetricNames.Trailing5xx, 3), (MetricNames.TrailingGatewayFailure, 2), (MetricNames.TrailingLocalOriginFailure, 1)));

        Assert.Equal(new ReportSource("web-1", 4, new FailureRuns(3, 2, 1)), Assert.Single(seen.Sources));
        Assert.Equal(new ReportSource("web-1", 2, FailureRuns.None), Assert.Single(One(Stats("10.0.0.1", 1, 5, 2)).Sources));
        Assert.Empty(One(Stats("10.0.0.1", 1, 5, 0)).Sources);
    }

    [Fact]
    public void A_clients_name_is_cut_to_what_can_be_printed()
    {
        Assert.Equal("web-1?[2J", LoadReportReader.Source("web-1\u001b[2J"));
        Assert.Equal(128, LoadReportReader.Source(new string('x', 1000)).Length);
        Assert.Equal("", LoadReportReader.Source(""));
    }

    [Fact]
    public void The_gauge_of_any_client_is_integrated_over_its_period()
    {
        var stats = Stats("10.0.0.1", 1, 0, 0);
        stats.TotalRequestsInProgress = 6;

        Assert.Equal(3, One(stats, seconds: 0.5).InFlightSeconds);
        Assert.Equal(6 * 5, One(stats, seconds: 1_000_000).InFlightSeconds);
        Assert.Empty(Read(0, stats).Observations);
        Assert.Empty(Read(-5, stats).Observations);
    }

    [Fact]
    public void Our_proxys_own_integral_is_taken_before_the_gauge()
    {
        var stats = Stats("10.0.0.1", 1, 0, 0, (MetricNames.InFlightSeconds, 1.25));
        stats.TotalRequestsInProgress = 6;

        Assert.Equal(1.25, One(stats).InFlightSeconds);
        Assert.Equal(1.25, One(stats, seconds: 5).InFlightSeconds);
    }

    [Fact]
    public void Of_a_long_absence_only_the_last_seconds_worth_is_taken()
    {
        var stats = Stats("10.0.0.1", 1, 100, 0, (MetricNames.InFlightSeconds, 7200));

        Assert.Equal(10, One(stats, seconds: 3600).InFlightSeconds);
    }

    [Theory]
    [InlineData(double.NaN, 0)]
    [InlineData(-1, 0)]
    [InlineData(double.PositiveInfinity, 1e9)]
    public void Absurd_integrals_are_cut(double value, double expected) =>
        Assert.Equal(expected, One(Stats("10.0.0.1", 1, 1, 0, (MetricNames.InFlightSeconds, value))).InFlightSeconds);

    [Fact]
    public void Answers_are_told_by_class_and_cut_to_the_requests()
    {
        Assert.Equal(new StatusClasses(5, 2, 1, 3), One(Counts(8, 3, (MetricNames.Ok, 5), (MetricNames.Redirected, 2), (MetricNames.ClientErrors, 1), (MetricNames.ServerErrors, 3))).Statuses);
        Assert.Equal(new StatusClasses(6, 2, 0, 3), One(Counts(8, 3, (MetricNames.Ok, 6), (MetricNames.Redirected, 9), (MetricNames.ClientErrors, 9), (MetricNames.ServerErrors, 9))).Statuses);
    }

    [Fact]
    public void A_latency_sketch_is_read_from_its_buckets()
    {
        var stats = Counts(4, 0, (MetricNames.LatencyBucket(20), 3), (MetricNames.LatencyBucket(3), 1));
        var sum = 3 * LatencySketch.UpperBound(20);
        stats.LoadMetricStats.Add(new EndpointLoadMetricStats { MetricName = MetricNames.Latency, NumRequestsFinishedWithMetric = 4, TotalMetricValue = sum });

        Assert.Equal(new LatencySketch([new(3, 1), new(20, 3)], sum), One(stats).Latency);
    }

    [Theory]
    [InlineData("mesh.latency.85")]
    [InlineData("mesh.latency.-1")]
    [InlineData("mesh.latency.+1")]
    [InlineData("mesh.latency.")]
    [InlineData("mesh.latency.99999999999999999999")]
    [InlineData("mesh.latency.1x")]
    public void A_bucket_that_does_not_exist_is_no_metric_of_ours(string name)
    {
        Assert.Null(One(Counts(1, 0, (name, 1))).Latency);
        Assert.Null(MetricNames.BucketOf(name));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-1)]
    [InlineData(double.PositiveInfinity)]
    public void A_sketch_holds_no_more_requests_than_there_were_and_no_time_that_its_buckets_do_not(double sum)
    {
        var stats = Counts(1, 1, (MetricNames.LatencyBucket(0), 1), (MetricNames.LatencyBucket(4), 7), (MetricNames.LatencyBucket(5), ulong.MaxValue));
        stats.LoadMetricStats.Add(new EndpointLoadMetricStats { MetricName = MetricNames.Latency, TotalMetricValue = sum });
        var read = One(stats).Latency!;

        Assert.Equal([new(0, 1), new(4, 1)], read.Counts);
        Assert.InRange(read.SumSeconds, LatencySketch.UpperBound(3), LatencySketch.UpperBound(0) + LatencySketch.UpperBound(4));
    }

    private static ClusterObservations Read(params UpstreamEndpointStats[] stats) => Read(1, stats);

    private static ClusterObservations Read(double seconds, params UpstreamEndpointStats[] stats) => LoadReportReader.Read(
        new ClusterStats
        {
            ClusterName = "default/greeter",
            LoadReportInterval = new Duration { Seconds = (long)seconds, Nanos = (int)(seconds % 1 * 1e9) },
            UpstreamLocalityStats = { new UpstreamLocalityStats { UpstreamEndpointStats = { stats } } },
        },
        Index, "web-1", Now);

    private static EndpointObservation One(UpstreamEndpointStats stats, double seconds = 1) => Assert.Single(Read(seconds, stats).Observations);

    private static UpstreamEndpointStats Counts(ulong succeeded, ulong failed, params (string Name, ulong Count)[] counts)
    {
        var stats = Stats("10.0.0.1", 1, succeeded, failed);
        stats.LoadMetricStats.Add(counts.Select(m => new EndpointLoadMetricStats { MetricName = m.Name, NumRequestsFinishedWithMetric = m.Count }));
        return stats;
    }

    private static UpstreamEndpointStats Stats(string address, uint port, ulong succeeded, ulong failed, params (string Name, double Value)[] metrics) => new()
    {
        Address = new Address { SocketAddress = new SocketAddress { Address = address, PortValue = port } },
        TotalSuccessfulRequests = succeeded,
        TotalErrorRequests = failed,
        LoadMetricStats = { metrics.Select(m => new EndpointLoadMetricStats { MetricName = m.Name, TotalMetricValue = m.Value }) },
    };
}
