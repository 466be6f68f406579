using Mesh.Core.Policies;
using Mesh.Proxy.Upstream;
using Mesh.Simulation.Baseline;
using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Tests;

/// <summary>Envoy's own detector, step by step as its source and documentation say.</summary>
public sealed class EnvoyBaselineTests
{
    private DateTimeOffset _now = Simulator.Start;

    [Fact]
    public void Five_failures_in_a_row_eject_at_once_and_a_success_ends_the_run()
    {
        var detector = Of(new OutlierDetection(), 10);
        Put(detector, "h0", "ffffsffff");
        Assert.Empty(detector.Ejected);
        Put(detector, "h0", "f");
        Assert.Equal(["h0"], detector.Ejected);
    }

    [Fact]
    public void The_percentage_holds_for_one_more_and_overflow_is_counted()
    {
        var detector = Of(new OutlierDetection { MaxEjectionPercent = 19 }, 10);
        Put(detector, "h0", "fffff");
        Put(detector, "h1", "fffff");
        Assert.Equal(["h0"], detector.Ejected);
        Assert.Equal((1, 1), (detector.Ejections, detector.Overflow));
    }

    [Fact]
    public void With_few_hosts_only_always_eject_one_host_lets_the_first_go()
    {
        var strict = Of(new OutlierDetection(), 9);
        Put(strict, "h0", "fffff");
        Assert.Empty(strict.Ejected);
        var always = Of(new OutlierDetection { AlwaysEjectOneHost = true }, 9);
        Put(always, "h0", "fffff");
        Put(always, "h1", "fffff");
        Assert.Equal(["h0"], always.Ejected);
    }

    [Fact]
    public void It_returns_by_the_sweep_after_the_base_time_and_the_next_ejection_is_longer()
    {
        var detector = Of(new OutlierDetection(), 10);
        Put(detector, "h0", "fffff");
        Assert.False(OutAfterSweeps(detector, 3));
        Put(detector, "h0", "fffff");
        Assert.True(OutAfterSweeps(detector, 5));
        Assert.False(OutAfterSweeps(detector, 1));
    }

    [Fact]
    public void The_multiplier_shrinks_with_each_sweep_in_rotation_and_stops_at_the_maximum()
    {
        var detector = Of(new OutlierDetection { MaxEjectionTime = TimeSpan.FromSeconds(60) }, 10);
        for (var i = 0; i < 6; i++)
        {
            Put(detector, "h0", "fffff");
            OutAfterSweeps(detector, 6);
            Assert.Empty(detector.Ejected);
        }

        OutAfterSweeps(detector, 10);
        Put(detector, "h0", "fffff");
        Assert.False(OutAfterSweeps(detector, 3));
    }

    [Fact]
    public void A_success_rate_below_the_mean_by_so_many_deviations_ejects_at_the_sweep()
    {
        var detector = Of(new OutlierDetection { Consecutive5xx = 0 }, 10);
        foreach (var host in Enumerable.Range(0, 10))
        {
            Put(detector, $"h{host}", string.Concat(Enumerable.Repeat(host == 3 ? "fssf" : "ssss", 25)));
        }

        Assert.Empty(detector.Ejected);
        Sweep(detector);
        Assert.Equal(["h3"], detector.Ejected);
    }

    [Fact]
    public void Below_the_volume_nobody_is_compared()
    {
        var detector = Of(new OutlierDetection { Consecutive5xx = 0, EnforcingFailurePercentage = 100, FailurePercentageRequestVolume = 101 }, 10);
        foreach (var host in Enumerable.Range(0, 10))
        {
            Put(detector, $"h{host}", new string(host == 3 ? 'f' : 's', 99));
        }

        Sweep(detector);
        Assert.Empty(detector.Ejected);
    }

    [Fact]
    public void A_failure_percentage_at_the_threshold_ejects_when_it_is_enforced()
    {
        var config = new OutlierDetection { Consecutive5xx = 0, EnforcingSuccessRate = 0, MaxEjectionPercent = 100, FailurePercentageThreshold = 50 };
        foreach (var (enforcing, expected) in new[] { (0, 0), (100, 6) })
        {
            var detector = Of(config with { EnforcingFailurePercentage = enforcing }, 6);
            foreach (var host in Enumerable.Range(0, 6))
            {
                Put(detector, $"h{host}", string.Concat(Enumerable.Repeat("sf", 25)));
            }

            Sweep(detector);
            Assert.Equal(expected, detector.Ejected.Count());
        }
    }

    [Fact]
    public void Split_local_failures_have_a_run_of_their_own_and_any_answer_ends_it()
    {
        var config = new OutlierDetection { SplitExternalLocalOriginErrors = true, ConsecutiveLocalOriginFailure = 3 };
        var detector = Of(config, 10);
        Put(detector, "h0", "llflllf");
        Assert.Equal(["h0"], detector.Ejected);
        var unsplit = Of(new OutlierDetection(), 10);
        Put(unsplit, "h0", "llfll");
        Assert.Equal(["h0"], unsplit.Ejected);
    }

    [Fact]
    public void Gateway_failures_have_a_run_that_another_5xx_ends()
    {
        var detector = Of(new OutlierDetection { Consecutive5xx = 0, ConsecutiveGatewayFailure = 3 }, 10);
        Put(detector, "h0", "ggfgg");
        Assert.Empty(detector.Ejected);
        Put(detector, "h0", "g");
        Assert.Equal(["h0"], detector.Ejected);
    }

    [Fact]
    public void Who_leaves_the_cluster_frees_its_place()
    {
        var detector = Of(new OutlierDetection(), 20);
        Put(detector, "h0", "fffff");
        detector.SetHosts(Enumerable.Range(1, 19).Select(host => $"h{host}"));
        Assert.Equal(0, detector.EjectionsActive);
        Put(detector, "h1", "fffff");
        Assert.Equal(["h1"], detector.Ejected);
    }

    private static EnvoyOutlierDetector Of(OutlierDetection config, int hosts)
    {
        var detector = new EnvoyOutlierDetector(config, new Dice(1));
        detector.SetHosts(Enumerable.Range(0, hosts).Select(host => $"h{host}"));
        return detector;
    }

    private void Put(EnvoyOutlierDetector detector, string host, string outcomes)
    {
        foreach (var outcome in outcomes)
        {
            detector.Put(host, outcome switch
            {
                's' => TryResult.Success,
                'g' => TryResult.GatewayError,
                'l' => TryResult.LocalOrigin,
                _ => TryResult.ServerError,
            }, _now);
        }
    }

    private void Sweep(EnvoyOutlierDetector detector) => detector.Sweep(_now += TimeSpan.FromSeconds(10));

    private bool OutAfterSweeps(EnvoyOutlierDetector detector, int sweeps)
    {
        for (var i = 0; i < sweeps; i++)
        {
            Sweep(detector);
        }

        return detector.Ejected.Any();
    }
}
