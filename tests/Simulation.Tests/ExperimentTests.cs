using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Simulation.Experiments;

namespace Mesh.Simulation.Tests;

/// <summary>What <c>./mesh bench verdicts</c> shows with many seeds, held with a few.</summary>
public sealed class ExperimentTests
{
    private static readonly TrafficPolicy Policy = TrafficPolicy.Default with { LoadBalancer = LoadBalancerAlgorithm.Random };

    [Fact]
    public void One_that_fails_every_request_costs_the_mesh_a_twentieth_of_what_it_costs_proxies_that_judge_alone()
    {
        for (var seed = 1UL; seed <= 3; seed++)
        {
            var mesh = new DetectionSetup { Policy = Policy }.Run(seed, perProxy: false);
            var alone = new DetectionSetup { Policy = Policy }.Run(seed, perProxy: true);
            Assert.NotNull(mesh.Gone);
            Assert.NotNull(alone.Gone);
            Assert.InRange(20 * mesh.Failed, 1, alone.Failed);
            Assert.Equal((0, 0), (mesh.Others, alone.Others));
            Assert.Empty(mesh.Evidence.Flaws);
            Assert.NotEmpty(mesh.Evidence.Ejections);
        }
    }

    [Fact]
    public void One_that_fails_three_of_ten_is_found_within_an_interval_and_by_no_rate_that_one_proxy_sees()
    {
        var setup = new DetectionSetup { Policy = Policy, FailureRate = 0.3, BaseRate = 0.01 };
        for (var seed = 1UL; seed <= 3; seed++)
        {
            var mesh = setup.Run(seed, perProxy: false);
            Assert.InRange(mesh.Decided!.Value.TotalSeconds, 0, 10);
            Assert.Equal(OutlierDetector.Sequential, mesh.Detector);
            Assert.Empty(mesh.Evidence.Flaws);
        }

        var rates = Policy with { OutlierDetection = Policy.OutlierDetection with { Consecutive5xx = 0 } };
        var alone = (setup with { Policy = rates, Limit = TimeSpan.FromMinutes(1), ToTheLimit = true }).Run(1, perProxy: true);
        Assert.Equal((0, 0), (alone.Ejections, alone.Others));
        Assert.Null(alone.Gone);
    }

    [Fact]
    public void When_most_fail_no_proxy_turns_away_more_than_the_budget_and_proxies_that_judge_alone_turn_away_all_of_them_together()
    {
        var setup = new CorrelatedSetup { Policy = Policy, Length = TimeSpan.FromSeconds(60) };
        var mesh = setup.Run(1, perProxy: false);
        // Not even while a version is on its way: who has returned keeps its place until it has proven itself.
        Assert.Equal((2, 2, 2), (setup.Budget, mesh.OfOne, mesh.Union));
        Assert.Empty(mesh.Evidence.Flaws);
        Assert.Equal(12, setup.Run(1, perProxy: true).Union);
    }

    [Theory]
    [InlineData(20_000, 0.03)]
    [InlineData(2_000, 0.01)]
    public void In_a_healthy_mesh_nobody_is_ejected_although_failures_are_heard_of_before_the_successes_between_them(double requests, double rate)
    {
        // A service of 20,000 requests a second had a false run of five in its first second.
        var (evidence, seen) = new HealthySetup { Endpoints = 10, RequestsPerSecond = requests, BaseRate = rate, Intervals = 2, Policy = Policy }.Run(1);
        Assert.True(seen > 10 * requests);
        Assert.Empty(evidence.Ejections);
    }
}
