using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Xunit;

namespace Mesh.Core.Tests.Outliers;

public class EjectionBudgetTests
{
    private static EjectionProposal Proposal(string id, long count = 5, long threshold = 5) =>
        new(id, new(OutlierDetector.Consecutive5xx, count, threshold));

    private static string Allowed(EjectionTally tally, OutlierDetection policy, params EjectionProposal[] proposals) =>
        string.Join(',', EjectionBudget.Decide(tally, policy, proposals).Where(v => v.Allowed).Select(v => v.Proposal.EndpointId));

    [Theory]
    [InlineData(10, 0, 10, true)]
    [InlineData(9, 0, 10, false)]
    [InlineData(10, 1, 10, false)]
    [InlineData(20, 1, 10, true)]
    [InlineData(3, 0, 10, false)]
    [InlineData(3, 0, 33, false)]
    [InlineData(3, 0, 34, true)]
    [InlineData(1, 0, 100, true)]
    [InlineData(1, 0, 99, false)]
    [InlineData(2, 2, 100, false)]
    [InlineData(0, 0, 100, false)]
    [InlineData(5, 0, 0, false)]
    public void One_more_may_go_if_no_more_than_the_percentage_are_then_ejected(int hosts, int ejected, int percent, bool allowed)
    {
        var refusal = EjectionBudget.Refusal(new(hosts, ejected), new OutlierDetection { MaxEjectionPercent = percent });
        Assert.Equal(allowed, refusal is null);
    }

    [Fact]
    public void Always_eject_one_host_allows_the_first_and_only_the_first()
    {
        var policy = new OutlierDetection { AlwaysEjectOneHost = true };
        Assert.Null(EjectionBudget.Refusal(new(3, 0), policy));
        Assert.NotNull(EjectionBudget.Refusal(new(3, 1), policy));
    }

    [Theory]
    [InlineData(4, 1, 50, true)]
    [InlineData(4, 2, 50, false)]
    [InlineData(4, 0, 76, false)]
    [InlineData(4, 0, 75, true)]
    public void No_ejection_may_leave_less_than_the_healthy_minimum(int hosts, int ejected, int minimum, bool allowed)
    {
        var policy = new OutlierDetection { MaxEjectionPercent = 100, MinHealthPercent = minimum, AlwaysEjectOneHost = true };
        Assert.Equal(allowed, EjectionBudget.Refusal(new(hosts, ejected), policy) is null);
    }

    [Fact]
    public void Refusals_name_the_limit_and_how_things_stand()
    {
        Assert.Equal("0 of 3 are ejected and maxEjectionPercent is 10", EjectionBudget.Refusal(new(3, 0), new()));
        Assert.Equal(
            "1 of 3 are ejected and minHealthPercent is 50",
            EjectionBudget.Refusal(new(3, 1), new OutlierDetection { MaxEjectionPercent = 100, MinHealthPercent = 50 }));
        Assert.Equal("no endpoint is left to eject", EjectionBudget.Refusal(new(1, 1), new()));
    }

    [Fact]
    public void Of_several_the_strongest_evidence_goes_first_whatever_the_order_of_arrival()
    {
        var policy = new OutlierDetection { MaxEjectionPercent = 50 };
        EjectionProposal[] proposals = [Proposal("a", 5), Proposal("b", 9), Proposal("c", 7), Proposal("d", 10, 20)];
        Assert.Equal("b,c", Allowed(new(4, 0), policy, proposals));
        Assert.Equal("b,c", Allowed(new(4, 0), policy, [.. proposals.Reverse()]));
        Assert.Equal(
            ["b", "c", "a", "d"], EjectionBudget.Decide(new(4, 0), policy, proposals).Select(v => v.Proposal.EndpointId));
    }

    [Fact]
    public void Of_equally_strong_ones_the_first_by_id_goes()
    {
        Assert.Equal("B", Allowed(new(10, 0), new(), Proposal("b"), Proposal("B"), Proposal("a")));
    }

    [Fact]
    public void Evidence_is_weighed_by_how_often_it_holds_its_threshold_then_by_its_count()
    {
        var weak = new OutlierEvidence(OutlierDetector.Consecutive5xx, 10, 10);
        var strong = new OutlierEvidence(OutlierDetector.ConsecutiveGatewayFailure, 4, 2);
        var same = new OutlierEvidence(OutlierDetector.ConsecutiveLocalOriginFailure, 8, 4);
        var twin = weak with { Detector = OutlierDetector.FailedProbe };
        Assert.True(strong > weak && weak < strong && same > strong && same >= strong && weak <= strong && weak <= twin && weak >= twin);
        Assert.False(weak > strong || strong < weak || strong > same || strong >= same || strong <= weak || weak < twin || weak > twin);
        Assert.Equal(1, weak.CompareTo(null));
        Assert.True(new OutlierEvidence(OutlierDetector.FailedProbe, long.MaxValue, 1) > new OutlierEvidence(OutlierDetector.FailedProbe, long.MaxValue, 2));
    }

    [Fact]
    public void Two_proposals_for_one_endpoint_are_decided_once()
    {
        var verdicts = EjectionBudget.Decide(
            new(2, 0), new OutlierDetection { MaxEjectionPercent = 100 }, [Proposal("a", 5), Proposal("a", 6)]);
        var verdict = Assert.Single(verdicts);
        Assert.Equal(6, verdict.Proposal.Evidence.Count);
    }

    [Fact]
    public void Those_that_leave_anyway_are_no_hosts_and_a_probing_one_is_not_ejected()
    {
        var tally = Tally.Of(Enum.GetValues<HealthStatus>());
        Assert.Equal(new EjectionTally(4, 1), tally);
    }
}
