using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Verdicts.Statistics;
using Xunit;

namespace Mesh.Core.Tests.Verdicts;

/// <summary>How often the judge errs, and how long it takes. The figures that people are told come from here.</summary>
public class FalseAlarmTests
{
    private static readonly OutlierDetection Policy = new() { EnforcingFailurePercentage = 100, EnforcingLatency = 100 };

    [Theory]
    [InlineData(1000, 1, 1000)]
    [InlineData(100, 10, 1000)]
    [InlineData(10, 100, 100)]
    public void A_thousand_healthy_intervals_of_twenty_endpoints_at_one_percent_give_no_alarm(int perReport, int reportsPerInterval, int intervals)
    {
        var crowd = new Crowd(20, perReport, TimeSpan.FromSeconds(10) / reportsPerInterval, Policy);
        for (var i = 0; i < intervals * reportsPerInterval; i++)
        {
            Assert.Empty(crowd.Report());
        }
    }

    [Theory]
    [InlineData(1, 100)]
    [InlineData(10, 10)]
    [InlineData(100, 1)]
    public void At_the_very_bound_the_evidence_is_wrong_less_often_than_it_may_be(int perReport, int reportsPerInterval)
    {
        // One in a hundred intervals is allowed, so that it can be measured: at most 200 of 20,000.
        const double Bound = 0.02;
        var random = new Random(1);
        var (evidence, alarms) = (default(EProcess), 0);
        for (var i = 0; i < 20_000 * reportsPerInterval; i++)
        {
            var failed = Enumerable.Range(0, perReport).Count(_ => random.NextDouble() < Bound);
            evidence = evidence.Step(perReport - failed, failed, Bound, 1.0 / reportsPerInterval, threshold: 100);
            if (evidence.Value >= 100)
            {
                alarms++;
                evidence = default;
            }
        }

        Assert.InRange(alarms, 1, 200);
    }

    [Theory]
    [InlineData(1.0, 1, 0.01, 8)]
    [InlineData(1.0, 1, 1, 8)]
    [InlineData(0.3, 1, 0.01, 45)]
    [InlineData(0.3, 1, 1, 45)]
    [InlineData(0.3, 10, 0.1, 50)]
    [InlineData(0.1, 10, 0.1, 300)]
    public void An_endpoint_that_breaks_is_found_after_so_many_requests_in_the_median(double rate, int perReport, double pace, int requests)
    {
        var found = Enumerable.Range(0, 15).Select(seed => Delay(rate, perReport, pace, seed)).Order().ToArray();
        Assert.InRange(found[7], 1, requests);
    }

    [Fact]
    public void When_all_fail_at_once_none_of_them_is_an_outlier()
    {
        var crowd = new Crowd(20, 100, TimeSpan.FromSeconds(1), Policy);
        for (var i = 0; i < 60; i++)
        {
            Assert.Empty(crowd.Report());
        }

        Array.Fill(crowd.Rates, 0.5);
        for (var i = 0; i < 60; i++)
        {
            Assert.Empty(crowd.Report());
        }
    }

    [Fact]
    public void Twice_as_many_failures_as_the_others_at_a_high_rate_are_within_the_tolerance_of_the_sequential_test()
    {
        var crowd = new Crowd(20, 100, TimeSpan.FromSeconds(1), Policy with { SuccessRateMinimumHosts = 100 });
        Array.Fill(crowd.Rates, 0.1);
        crowd.Rates[3] = 0.2;
        for (var i = 0; i < 600; i++)
        {
            Assert.Empty(crowd.Report());
        }
    }

    private static int Delay(double rate, int perReport, double pace, int seed)
    {
        var crowd = new Crowd(20, perReport, TimeSpan.FromSeconds(pace), Policy, seed);
        for (var before = 0; before < 800; before++)
        {
            Assert.Empty(crowd.Report());
        }

        crowd.Rates[7] = rate;
        for (var requests = perReport; ; requests += perReport)
        {
            var proposals = crowd.Report();
            if (proposals.Count > 0)
            {
                Assert.Equal("e07", Assert.Single(proposals).EndpointId);
                return requests;
            }
        }
    }

    [Theory]
    [InlineData(100, 30, 29, 1)]
    [InlineData(20_000, 1.7, 1.5, 12)]
    public void Failures_that_are_heard_of_before_the_successes_around_them_give_no_alarm_not_even_for_a_newcomer(
        double rate, double seconds, double comes, int seeds)
    {
        for (var seed = 0; seed < seeds; seed++)
        {
            var crowd = new EagerProxies(20, 100, rate, Policy, seed);
            Array.Fill(crowd.Rates, 0.02);
            while (crowd.Seconds < seconds)
            {
                crowd.Rates[0] = crowd.Seconds < comes ? -1 : 0.02;
                Assert.Empty(crowd.Go());
            }
        }
    }
}
