using Mesh.Core.Ledger;
using Mesh.Core.Outliers;
using Xunit;

namespace Mesh.Core.Tests.Ledger;

public class EvidenceTextTests
{
    [Theory]
    [InlineData(OutlierDetector.Consecutive5xx, 5, 5, "5 consecutive 5xx; 5 suffice")]
    [InlineData(OutlierDetector.Consecutive5xx, 7, 1, "7 consecutive 5xx; 1 suffices")]
    [InlineData(OutlierDetector.ConsecutiveGatewayFailure, 5, 3, "5 consecutive gateway failures (502, 503, 504); 3 suffice")]
    [InlineData(OutlierDetector.ConsecutiveLocalOriginFailure, 5, 5, "5 consecutive failures without an answer; 5 suffice")]
    [InlineData(OutlierDetector.FailedProbe, 1, 1, "1 failure while it was to prove itself; 1 suffices")]
    [InlineData(OutlierDetector.FailedProbe, 2, 1, "2 failures while it was to prove itself; 1 suffices")]
    [InlineData(OutlierDetector.ActiveHealthCheck, 3, 3, "3 active checks failed in a row; 3 suffice")]
    public void Runs_are_told_against_what_suffices(OutlierDetector detector, long count, long threshold, string expected) =>
        Assert.Equal(expected, EvidenceText.Of(new(detector, count, threshold)));

    [Fact]
    public void Rates_are_told_against_the_limit_and_the_peers()
    {
        var evidence = new OutlierEvidence(OutlierDetector.SuccessRate, 30, 13) { Requests = 100, Observed = 0.3, Limit = 0.125, Peers = 0.0105, Hosts = 7 };
        Assert.Equal(
            "30 of 100 requests failed (30 %), the limit was 12.5 %, its peers had 1.05 % (7 endpoints compared)", EvidenceText.Of(evidence));
        Assert.Equal(
            "30 of 100 requests failed (30 %), the limit was 12.5 %, its peers had 1.05 % (7 endpoints compared); that is more than chance allows",
            EvidenceText.Of(evidence with { Detector = OutlierDetector.Sequential }));
        Assert.Equal(
            "30 of 100 requests failed (30 %), the limit was 85 %",
            EvidenceText.Of(evidence with { Detector = OutlierDetector.FailurePercentage, Limit = 0.85, Peers = null }));
        Assert.Equal("30 of 100 requests failed (?), its peers had 1.05 %", EvidenceText.Of(evidence with { Observed = null, Limit = null, Hosts = 0 }));
    }

    [Fact]
    public void One_proxys_share_is_told_against_its_share_in_the_others_failures() => Assert.Equal(
        "one proxy saw 100 of 102 failures, and 30 % of its peers' failures; perhaps it is the way between the two",
        EvidenceText.Of(new(OutlierDetector.OneProxy, 100, 50) { Requests = 102, Peers = 0.3 }));

    [Fact]
    public void Latency_is_told_in_units_that_fit()
    {
        var evidence = new OutlierEvidence(OutlierDetector.Latency, 40, 1) { Observed = 1.25, Limit = 0.3, Peers = 0.0425, Hosts = 8, Note = "p95" };
        Assert.Equal(
            "a high quantile of its response times was 1.25 s, the limit was 300 ms, its peers had 42.5 ms (8 endpoints compared) (p95)",
            EvidenceText.Of(evidence));
        Assert.Equal("1 s", EvidenceText.Seconds(1));
        Assert.Equal("?", EvidenceText.Seconds(null));
        Assert.EndsWith("was 1.25 s", EvidenceText.Of(new(OutlierDetector.Latency, 40, 1) { Observed = 1.25, Note = "" }), StringComparison.Ordinal);
    }
}
