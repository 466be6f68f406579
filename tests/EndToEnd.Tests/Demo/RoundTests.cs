using System.Diagnostics;
using Mesh.Demo.Backend;
using Mesh.Demo.Story;

namespace Mesh.EndToEnd.Tests.Demo;

/// <summary>The demo's measure is only worth something if it cannot flatter.</summary>
public class RoundTests
{
    private static readonly string[] Proxies = ["p1", "p2"];

    [Fact]
    public void The_time_out_ends_with_the_last_request_of_the_slower_proxy()
    {
        var report = Report(first: 100, healed: 2_000, p1: [90, 100, 120, 2_300], p2: [101, 160, 250, 2_400]);

        Assert.Equal(TimeSpan.FromMilliseconds(150), Rounds.Read("b", report, Proxies).Out);
    }

    [Fact]
    public void The_time_back_ends_with_the_first_request_of_the_slower_proxy()
    {
        var report = Report(first: 100, healed: 2_000, p1: [100, 2_300, 2_310], p2: [101, 2_750]);

        Assert.Equal(TimeSpan.FromMilliseconds(750), Rounds.Read("b", report, Proxies).Back);
    }

    [Fact]
    public void A_short_lull_is_not_yet_a_departure()
    {
        var report = Report(first: 100, healed: 3_000, p1: [100, 450, 600, 3_100], p2: [100, 3_100]);

        Assert.Equal(TimeSpan.FromMilliseconds(500), Rounds.Read("b", report, Proxies).Out);
    }

    [Fact]
    public void A_proxy_that_never_comes_back_leaves_no_time_at_all()
    {
        var report = Report(first: 100, healed: 2_000, p1: [100, 2_300], p2: [100]);

        Assert.Null(Rounds.Read("b", report, Proxies).Back);
    }

    [Fact]
    public void Without_a_failing_answer_there_is_nothing_to_measure()
    {
        var report = Report(first: null, healed: 2_000, p1: [2_300], p2: [2_300]);

        Assert.Null(Rounds.Read("b", report, Proxies).Out);
    }

    [Fact]
    public void One_round_that_did_not_happen_counts_as_the_longest_of_all()
    {
        TimeSpan? second = TimeSpan.FromSeconds(2), first = TimeSpan.FromSeconds(1);

        Assert.Equal(TimeSpan.FromSeconds(2), Verdict.Median([null, first, second]));
        Assert.Null(Verdict.Median([null, first, null]));
        Assert.Null(Verdict.Median([null, first]));
        Assert.Equal(TimeSpan.FromSeconds(1.5), Verdict.Median([first, second]));
    }

    private static Sighting Report(long? first, long healed, long[] p1, long[] p2)
    {
        // Long ago, so that what comes last is followed by quiet.
        var origin = Stopwatch.GetTimestamp() - (60 * Stopwatch.Frequency);
        long At(long milliseconds) => origin + (milliseconds * Stopwatch.Frequency / 1_000);
        SeenProxy Seen(long[] arrivals) => new(0, arrivals.Length, At(arrivals[^1]), [.. arrivals.Select(At)]);
        return new Sighting(false, first is { } at ? At(at) : null, At(healed), new Dictionary<string, SeenProxy> { ["p1"] = Seen(p1), ["p2"] = Seen(p2) });
    }
}
