using System.Collections.Immutable;
using Mesh.Simulation.Queues;

namespace Mesh.Simulation.Tests.Queues;

public class QueueExperimentTests
{
    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        var (one, other) = (Run(7, Balancing.AdaptiveLeastRequest), Run(7, Balancing.AdaptiveLeastRequest));

        Assert.Equal((one.P50, one.P99, one.Mean, one.Pushes), (other.P50, other.P99, other.Mean, other.Pushes));
        Assert.NotEqual(one.Mean, Run(8, Balancing.AdaptiveLeastRequest).Mean);
    }

    [Theory]
    [InlineData(1, 0.7, 3.333)]
    [InlineData(4, 0.75, 1.509)]
    [InlineData(4, 0.9, 2.969)]
    public void A_single_queue_takes_as_long_as_erlang_says(int workers, double load, double timesServiceTime)
    {
        var station = new Station(workers, 0.01);
        var row = QueueExperiment.Run(3, load, new QueueOptions
        {
            Balancing = Balancing.RoundRobin,
            Stations = [station],
            Rate = load * station.Capacity,
            ServiceTimes = ServiceTimes.Exponential,
            QueueLimit = 10_000,
            Seconds = 3000,
        });

        Assert.InRange(row.Mean / 10, timesServiceTime * 0.94, timesServiceTime * 1.06);
        Assert.Equal(0, row.ErrorPercent);
    }

    [Fact]
    public void What_finds_no_place_in_a_queue_is_refused()
    {
        var row = QueueExperiment.Run(3, 2, new QueueOptions { Balancing = Balancing.RoundRobin, Stations = [new Station(4, 0.01)], Rate = 800 });

        Assert.InRange(row.ErrorPercent, 48, 52);
    }

    [Theory]
    [InlineData(1, 10, 0.5)]
    [InlineData(2, 10, 0.7)]
    [InlineData(3, 100, 0.7)]
    [InlineData(4, 100, 0.85)]
    public void Adaptive_weights_halve_the_99th_percentile_of_round_robin_and_beat_least_request(int seed, int proxies, double load)
    {
        var roundRobin = Run(seed, Balancing.RoundRobin, proxies, load);
        var leastRequest = Run(seed, Balancing.LeastRequest, proxies, load);
        foreach (var balancing in (Balancing[])[Balancing.AdaptiveRoundRobin, Balancing.AdaptiveLeastRequest])
        {
            var adaptive = Run(seed, balancing, proxies, load);

            Assert.True(adaptive.P99 < roundRobin.P99 / 2, $"{balancing}: {adaptive.P99} ms, round robin {roundRobin.P99} ms");
            Assert.True(adaptive.P99 < leastRequest.P99, $"{balancing}: {adaptive.P99} ms, least request {leastRequest.P99} ms");
            Assert.True(adaptive.P50 < 1.1 * leastRequest.P50, $"{balancing}: {adaptive.P50} ms, least request {leastRequest.P50} ms");
            Assert.True(adaptive.ErrorPercent < 0.01, $"{balancing}: {adaptive.ErrorPercent} % errors");
        }
    }

    [Theory]
    [InlineData(10, 0.5)]
    [InlineData(10, 0.7)]
    [InlineData(100, 0.7)]
    [InlineData(100, 0.85)]
    public void Weights_settle_within_ten_seconds_of_a_change_and_do_not_swing(int proxies, double load)
    {
        var settlings = Enumerable.Range(1, 5).Select(seed => Run(seed, Balancing.AdaptiveLeastRequest, proxies, load).Settling!).ToList();

        Assert.InRange(settlings.Select(settling => settling.Seconds).Order().ElementAt(2), 1, 10);
        Assert.All(settlings, settling =>
        {
            Assert.InRange(settling.Swings, 0, 4);
            Assert.InRange(settling.Final[0], 5, 40);
            Assert.InRange(settling.Final[1], 45, 95);
            Assert.All(settling.Final.Skip(2), factor => Assert.InRange(factor, 100, 135));
        });
    }

    [Fact]
    public void Bursts_and_long_tails_do_not_make_them_swing()
    {
        var bursty = QueueExperiment.Run(5, Balancing.AdaptiveLeastRequest, 10, 0.5, Arrivals.Bursty);
        var tailed = QueueExperiment.Run(5, Balancing.AdaptiveLeastRequest, 10, 0.7, times: ServiceTimes.HeavyTailed);

        Assert.InRange(bursty.Settling!.Swings, 0, 2);
        Assert.InRange(tailed.Settling!.Swings, 0, 2);
    }

    [Fact]
    public void Plain_load_reports_without_latencies_are_enough_to_beat_round_robin_by_half()
    {
        var row = QueueExperiment.Run(1, 0.7, Options(Balancing.AdaptiveRoundRobin, 100) with { ReportsLatency = false });

        Assert.True(row.P99 < Run(1, Balancing.RoundRobin, 100).P99 / 2);
    }

    [Fact]
    public void A_backend_that_recovers_gets_its_share_back()
    {
        var row = QueueExperiment.Run(1, 0.7, Options(Balancing.AdaptiveLeastRequest, 10) with
        {
            Stations = QueueExperiment.Degraded,
            Changed = QueueExperiment.Healthy,
        });

        Assert.All(row.Settling!.Final, factor => Assert.InRange(factor, 85, 115));
    }

    [Fact]
    public void A_backend_that_fails_fast_is_avoided()
    {
        var stations = QueueExperiment.Healthy.SetItem(0, new Station(4, 0.01, FailureShare: 0.3));
        var row = QueueExperiment.Run(1, 0.5, Options(Balancing.AdaptiveLeastRequest, 10) with { Changed = stations });

        Assert.InRange(row.Settling!.Final[0], 5, 20);
        Assert.InRange(row.ErrorPercent, 0.1, 1);
    }

    private static QueueRow Run(int seed, Balancing balancing, int proxies = 10, double load = 0.7) => QueueExperiment.Run(seed, balancing, proxies, load);

    private static QueueOptions Options(Balancing balancing, int proxies) => new()
    {
        Balancing = balancing,
        Stations = QueueExperiment.Healthy,
        Changed = QueueExperiment.Degraded,
        ChangeAt = QueueExperiment.ChangeAt,
        Rate = 0.7 * QueueExperiment.Capacity,
        Proxies = proxies,
        Seconds = 80,
        MeasureFrom = 40,
    };
}
