using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Verdicts;
using Xunit;

namespace Mesh.Core.Tests.Verdicts;

/// <summary>Failures are reported at once, successes once in a second: whether a run is one depends on how much there was between.</summary>
public class FlowTests
{
    private static readonly TrafficPolicy Policy = new();

    private readonly ServiceJudge _judge = new();

    /// <summary>An endpoint that was busy for 20 s, with 100 requests a second.</summary>
    private void Busy(double from = 0, double to = 20)
    {
        for (var at = from; at <= to; at++)
        {
            _judge.Observe([new() { EndpointId = "e0", Succeeded = 100 }], Policy.OutlierDetection, Given.At(at));
        }
    }

    private bool Ejects(double at, double? since, long count = 5, OutlierDetector detector = OutlierDetector.Consecutive5xx)
    {
        var evidence = new OutlierEvidence(detector, count, 5) { Since = since is { } began ? Given.At(began) : null };
        var ruling = _judge.Rule(new(20, 0), Policy, [new("e0", evidence)], Given.At(at), () => 0);
        Assert.Empty(ruling.Entries);
        return ruling.Verdicts.Any(verdict => verdict.Allowed);
    }

    [Theory]
    [InlineData(0.02, true)]
    [InlineData(0.06, true)]
    [InlineData(0.07, false)]
    [InlineData(0.2, false)]
    [InlineData(1.499, false)]
    [InlineData(1.5, true)]
    public void Five_failures_are_a_run_when_there_was_little_between_them_or_long_enough_to_hear_of_it(double length, bool believed)
    {
        Busy();
        Assert.Equal(believed, Ejects(20, 20 - length));
    }

    [Theory]
    [InlineData(OutlierDetector.Consecutive5xx)]
    [InlineData(OutlierDetector.ConsecutiveGatewayFailure)]
    [InlineData(OutlierDetector.ConsecutiveLocalOriginFailure)]
    public void That_holds_for_every_kind_of_run_and_for_nothing_else(OutlierDetector detector)
    {
        Busy();
        Assert.False(Ejects(20, 19.5, detector: detector));
        Assert.True(Ejects(20, 19.5, count: 40, detector));
        Assert.True(Ejects(20, 19.5, detector: OutlierDetector.FailedProbe));
        Assert.True(Ejects(20, null, detector: detector));
    }

    [Fact]
    public void Before_the_flow_is_known_only_age_speaks_for_a_run()
    {
        Busy(0, 1);
        Assert.False(Ejects(1.4, 1.399));
        Assert.True(Ejects(1.5, 1.499));
        Assert.True(new ServiceJudge().Rule(
            new(20, 0), Policy, [new("e0", new(OutlierDetector.Consecutive5xx, 5, 5) { Since = Given.At(0) })], Given.At(1.5), () => 0).Verdicts[0].Allowed);
    }

    [Fact]
    public void The_flow_of_long_ago_is_forgotten()
    {
        Busy();
        Assert.False(Ejects(20, 19.9));
        // 4 % of it are left after 15 s: then the same run is one again.
        Assert.True(Ejects(36, 35.9));
    }

    [Fact]
    public void A_clock_that_was_set_back_does_no_harm()
    {
        Busy();
        Assert.False(Ejects(19, 18.9));
        Assert.True(Ejects(-100, -101.5));
    }
}
