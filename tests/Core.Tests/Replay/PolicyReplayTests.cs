using System.Collections.Immutable;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Replay;
using Xunit;

namespace Mesh.Core.Tests.Replay;

public class PolicyReplayTests
{
    private static readonly ServiceId Cart = new("shop", "cart");

    private static readonly TrafficPolicy Half = TrafficPolicy.Default with { OutlierDetection = new() { MaxEjectionPercent = 50 } };

    [Fact]
    public void A_failing_endpoint_is_ejected_and_what_it_did_meanwhile_is_counted_and_not_shown()
    {
        var result = Run(Half, Block(Members("a", "b"), At(1, Failed("a", 5), Served("b", 10)), At(2, Failed("a", 7), Served("b", 10)), At(3, Served("a", 4))));

        var a = result.Endpoints[0];
        var ejection = Assert.Single(a.Ejections);
        Assert.Equal((Given.At(1), Given.At(31), null), (ejection.At, ejection.Until, ejection.Ended));
        Assert.Equal((OutlierDetector.Consecutive5xx, 5L), (ejection.Evidence!.Detector, ejection.Evidence.Count));
        Assert.Equal(new(2, 0), ejection.Tally);
        Assert.Equal((7, 4), (ejection.Saved, ejection.Displaced));
        Assert.Equal((36, 12, 7, 4), (result.Requests, result.Failures, result.Saved, result.Displaced));
        Assert.Equal(11 / 36.0, result.Moved);
        Assert.Equal((16, 12), (a.Requests, a.Failures));
        Assert.Empty(result.Endpoints[1].Ejections);
    }

    [Fact]
    public void A_laxer_policy_ejects_nobody()
    {
        var lax = Half with { OutlierDetection = Half.OutlierDetection with { Consecutive5xx = 50 } };
        var result = Run(lax, Block(Members("a", "b"), At(1, Failed("a", 5)), At(2, Failed("a", 7))));

        Assert.All(result.Endpoints, endpoint => Assert.Empty(endpoint.Ejections));
        Assert.Equal((0, 0, 0.0), (result.Saved, result.Displaced, result.Moved));
    }

    [Fact]
    public void What_the_budget_refuses_is_counted_with_its_reason()
    {
        var result = Run(TrafficPolicy.Default, Block(Members("a", "b"), At(1, Failed("a", 5), Served("b", 1)), At(2, Served("a", 1)), At(3, Failed("a", 5))));

        Assert.Empty(result.Endpoints[0].Ejections);
        Assert.InRange(result.Endpoints[0].Refusals, 1, 2);
        Assert.Equal("0 of 2 are ejected and maxEjectionPercent is 10", result.Endpoints[0].Refusal);
        Assert.Equal((0, null), (result.Endpoints[1].Refusals, result.Endpoints[1].Refusal));
    }

    [Fact]
    public void What_would_have_been_let_go_is_counted_apart()
    {
        var lenient = Half with { OutlierDetection = Half.OutlierDetection with { EnforcingConsecutive5xx = 0, EnforcingSequential = 0 } };
        var result = Run(lenient, Block(Members("a", "b"), At(1, Failed("a", 5), Served("b", 1))));

        Assert.Empty(result.Endpoints[0].Ejections);
        Assert.Equal((1, 0), (result.Endpoints[0].NotEnforced, result.Endpoints[0].Refusals));
    }

    [Fact]
    public void An_ejection_ends_when_its_time_is_over_and_the_next_one_lasts_longer()
    {
        var result = Run(Half, Block(Members("a", "b"), At(1, Failed("a", 5)), At(40, Failed("a", 1)), At(60, Failed("a", 9))));

        Assert.Equal(
            [(1.0, 31.0, 0L), (40.0, 0.0, 9L)],
            result.Endpoints[0].Ejections.Select(ejection =>
                ((ejection.At - Given.Start).TotalSeconds, (ejection.Ended - Given.Start)?.TotalSeconds ?? 0, ejection.Saved)));
    }

    [Fact]
    public void What_lies_outside_of_the_time_asked_for_is_left_out_but_not_who_was_there()
    {
        var blocks = new[] { Block(Members("a", "b"), At(1, Failed("a", 5)), At(200, Failed("b", 2)), At(400, Failed("b", 5))) };
        var result = PolicyReplay.Run(Cart, Half, blocks, Given.At(100), Given.At(300), stop: TestContext.Current.CancellationToken);

        Assert.Equal((2, 2), (result.Requests, result.Failures));
        Assert.All(result.Endpoints, endpoint => Assert.Empty(endpoint.Ejections));
    }

    [Fact]
    public void Who_leaves_or_drains_is_not_ejected_any_more()
    {
        var gone = Run(Half, Block(Members("a", "b"), At(1, Failed("a", 5)), new(Given.At(5), [], ["a"], []), At(6, Served("b", 1))));
        Assert.Equal(Given.At(5), Assert.Single(gone.Endpoints[0].Ejections).Ended);

        var between = Run(Half, Block(Members("a", "b"), At(1, Failed("a", 5))), Block(At(9, Served("b", 1)) with { Members = Members("b").Members }));
        Assert.Equal(Given.At(9), Assert.Single(between.Endpoints[0].Ejections).Ended);

        var draining = Run(Half, Block(Members("a", "b"), new(Given.At(1), [Member("a") with { Serving = false }], [], []), At(2, Failed("a", 5))));
        Assert.Empty(draining.Endpoints[0].Ejections);
        var back = Run(Half, Block(
            Members("a", "b"), new(Given.At(1), [Member("a") with { Serving = false }], [], []), new(Given.At(2), [Member("a")], [], []), At(3, Failed("a", 5))));
        Assert.Single(back.Endpoints[0].Ejections);
    }

    [Fact]
    public void A_block_that_repeats_who_is_there_changes_nothing()
    {
        var once = Run(Half, Block(Members("a", "b"), At(1, Failed("a", 3)), At(2, Failed("a", 2))));
        var twice = Run(Half, Block(Members("a", "b"), At(1, Failed("a", 3))), Block(At(2, Failed("a", 2)) with { Members = Members("a", "b").Members }));

        Assert.Equal(once.Endpoints[0].Ejections[0].At, twice.Endpoints[0].Ejections[0].At);
        Assert.Equal(once.Endpoints[0].Ejections[0].Evidence!.Count, twice.Endpoints[0].Ejections[0].Evidence!.Count);
    }

    [Fact]
    public void An_endpoint_that_nobody_introduced_takes_part_all_the_same() =>
        Assert.Single(Run(Half, Block(Members("a"), At(1, Failed("z", 5)))).Endpoints, endpoint => endpoint.Id == "z" && endpoint.Ejections.Length == 1);

    [Fact]
    public void Active_checks_are_left_out_and_a_policy_with_them_does_not_wait_for_their_answers()
    {
        var result = Run(Half with { HealthCheck = new(), AdaptiveWeights = new() }, Block(Members("a", "b"), At(1, Failed("a", 5)), At(60, Served("b", 1))));
        Assert.Equal(Given.At(31), Assert.Single(result.Endpoints[0].Ejections).Ended);
    }

    [Fact]
    public void The_same_seed_gives_the_same_result_and_a_stop_is_heard()
    {
        var jittery = Half with { OutlierDetection = Half.OutlierDetection with { MaxEjectionTimeJitter = TimeSpan.FromSeconds(60) } };
        var block = Block(Members("a", "b"), At(1, Failed("a", 5)));
        DateTimeOffset? Until(ulong seed) => PolicyReplay.Run(
            Cart, jittery, [block], Given.Start, Given.At(100), seed, TestContext.Current.CancellationToken).Endpoints[0].Ejections[0].Until;

        Assert.Equal(Until(1), Until(1));
        Assert.NotEqual(Until(1), Until(2));
        Assert.Throws<OperationCanceledException>(() => PolicyReplay.Run(Cart, Half, [block], Given.Start, Given.At(9), stop: new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Nothing_recorded_is_nothing_told()
    {
        var result = Run(Half);
        Assert.Equal((0, 0, 0.0), (result.Requests, result.Failures, result.Moved));
        Assert.Empty(result.Endpoints);
    }

    private static ReplayResult Run(TrafficPolicy policy, params ImmutableArray<RecordedFrame>[] blocks)
    {
        var last = blocks.SelectMany(block => block).Select(frame => frame.At).DefaultIfEmpty(Given.Start).Max();
        return PolicyReplay.Run(Cart, policy, blocks, Given.Start, last, stop: TestContext.Current.CancellationToken);
    }

    private static ImmutableArray<RecordedFrame> Block(params ImmutableArray<RecordedFrame> frames) => frames;

    private static RecordedFrame Members(params string[] ids) => new(Given.Start, [.. ids.Select(Member)], [], []);

    private static RecordedMember Member(string id) => new(id, 1, true, Locality.Unknown);

    private static RecordedFrame At(double second, params ImmutableArray<EndpointObservation> seen) => new(Given.At(second), [], [], seen);

    private static EndpointObservation Served(string endpoint, long count) => new() { EndpointId = endpoint, Succeeded = count };

    private static EndpointObservation Failed(string endpoint, long count) => new() { EndpointId = endpoint, Failed = count };
}
