using Mesh.Core.Weights;
using Xunit;
using static Mesh.Core.Tests.Weights.Fleet;

namespace Mesh.Core.Tests.Weights;

public class AdaptiveReasonTests
{
    [Fact]
    public void A_reason_says_what_was_seen_here_and_at_the_peers()
    {
        var fleet = new Fleet().Steps(30, Load("a", 10), Load("b", 10), Load("c", 31, requests: 100));

        Assert.Equal($"31 ms against 10 ms at its peers, 3.1 in flight: {fleet.State.FactorOf("c")} %", fleet.State.ReasonOf("c"));
    }

    [Fact]
    public void It_is_what_led_to_the_factor_in_force_and_does_not_move_with_each_request()
    {
        var fleet = new Fleet();
        fleet.Step(Load("a", 10), Load("b", 31));
        Assert.StartsWith("31 ms against 10 ms", fleet.State.ReasonOf("b"), StringComparison.Ordinal);
        var published = fleet.State.ReasonOf("b");

        for (var i = 0; i < 50; i++)
        {
            var before = fleet.State.ReasonOf("b");
            Assert.True(fleet.Step(Load("a", 10), Load("b", 31 + i % 3)).Publish || fleet.State.ReasonOf("b") == before);
        }

        Assert.NotEqual(published, fleet.State.ReasonOf("b"));
    }

    [Fact]
    public void It_names_failures_and_long_times()
    {
        var fleet = new Fleet();
        fleet.Step(Load("a", 2.5), Load("b", 12_000, requests: 100, failed: 20, inFlight: 1200));

        Assert.Equal("12 s against 2.5 ms at its peers, 20 % failed, 1200 in flight: 70 %", fleet.State.ReasonOf("b"));
    }

    [Theory]
    [InlineData(9_990, "9990 ms")]
    [InlineData(10_000, "10 s")]
    [InlineData(9.94, "9.9 ms")]
    [InlineData(20.4, "20 ms")]
    public void Durations_have_as_many_digits_as_matter(double milliseconds, string text)
    {
        var fleet = new Fleet();
        fleet.Step(Load("a", 0.5), Load("b", milliseconds));

        Assert.StartsWith(text + " against", fleet.State.ReasonOf("b"), StringComparison.Ordinal);
    }

    [Fact]
    public void Less_than_one_failure_in_a_thousand_is_not_named()
    {
        var fleet = new Fleet();
        fleet.Step(Load("a", 10, requests: 10_000, failed: 9), Load("b", 10, requests: 10_000, failed: 10), Load("c", 90));

        Assert.DoesNotContain("failed", fleet.State.ReasonOf("a"), StringComparison.Ordinal);
        Assert.Contains(", 0.1 % failed", fleet.State.ReasonOf("b"), StringComparison.Ordinal);
    }

    [Fact]
    public void It_compares_with_nobody_when_nobody_else_answers()
    {
        var fleet = new Fleet();
        fleet.Step(Load("a", 10), Plain("b", requests: 0, inFlight: 40));

        Assert.Equal("10 ms, 10 in flight: 130 %", fleet.State.ReasonOf("a"));
        Assert.Equal("40 s against 10 ms at its peers, 40 in flight: 70 %", fleet.State.ReasonOf("b"));
    }

    [Fact]
    public void Who_is_not_seen_any_more_is_on_its_way_back()
    {
        var fleet = new Fleet { State = AdaptiveState.Of([new("a", 40), new("b", 100)]) };

        fleet.Steps(3, Silent("a"), Silent("b"));

        Assert.Equal(1, fleet.Published);
        Assert.Equal($"too few requests to tell, on its way back to 100 %: {fleet.State.FactorOf("a")} %", fleet.State.ReasonOf("a"));
        Assert.Null(fleet.State.ReasonOf("b"));
    }
}
