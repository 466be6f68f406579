using System.Text.Json;
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
    [InlineData(1, 0, false)]
    [InlineData(2, 0, true)]
    [InlineData(2, 1, false)]
    [InlineData(3, 1, false)]
    [InlineData(20, 9, true)]
    [InlineData(20, 10, false)]
    [InlineData(21, 9, true)]
    [InlineData(21, 10, false)]
    public void None_may_lead_into_panic_whatever_the_limits(int hosts, int ejected, bool allowed)
    {
        var policy = new OutlierDetection { MaxEjectionPercent = 100, AlwaysEjectOneHost = true };
        Assert.Equal(allowed, EjectionBudget.Refusal(new(hosts, ejected), policy) is null);
        Assert.Equal(allowed, EjectionBudget.Refusal(new(hosts, ejected), new() { MaxEjectionPercent = 0 }, OutlierDetector.ActiveHealthCheck) is null);
    }

    [Fact]
    public void Failed_active_checks_need_no_budget_but_count_for_it()
    {
        var check = new EjectionProposal("checked", new(OutlierDetector.ActiveHealthCheck, 9, 3));
        Assert.Equal("checked", Allowed(new(10, 4), new OutlierDetection { MaxEjectionPercent = 0, MinHealthPercent = 100 }, check));
        Assert.Equal("", Allowed(new(10, 5), new(), check));
        Assert.Equal("checked", Allowed(new(10, 0), new(), check, Proposal("a"), Proposal("b")));
    }

    [Fact]
    public void A_priority_may_panic_only_where_the_others_take_all_of_the_load()
    {
        var policy = new OutlierDetection { MaxEjectionPercent = 100 };
        var well = new EjectionTally(14, 5) { Priorities = [new("east", 10, 5), new("west", 4, 0)] };
        Assert.Null(EjectionBudget.Refusal(well, policy, priority: "east"));
        var strained = new EjectionTally(14, 7) { Priorities = [new("east", 10, 5), new("west", 4, 2)] };
        // 1.4 x 40 % and 1.4 x 50 % are 126 %: enough.
        Assert.Null(EjectionBudget.Refusal(strained, policy, priority: "east"));
        var weak = new EjectionTally(14, 8) { Priorities = [new("east", 10, 6), new("west", 4, 2)] };
        // 1.4 x 30 % and 1.4 x 50 % are 112 %, and with one less in the west 1.4 x 25 % and 1.4 x 40 % are 91 %.
        Assert.Null(EjectionBudget.Refusal(weak, policy, priority: "east"));
        Assert.Equal(
            "2 of 4 in west are ejected, and with less than 50 % in rotation clients would panic and ignore it",
            EjectionBudget.Refusal(weak, policy, priority: "west"));
    }

    [Fact]
    public void A_verdict_says_how_things_stood_and_when_load_spills_over()
    {
        var policy = new OutlierDetection { MaxEjectionPercent = 50 };
        var verdicts = EjectionBudget.Decide(new(10, 1), policy, [Proposal("a"), Proposal("b"), Proposal("c")]);
        Assert.Equal([new(10, 1), new(10, 2), new EjectionTally(10, 3)], verdicts.Select(verdict => verdict.Tally!));
        Assert.Equal(
            [null, "7 of 10 stay in rotation, where a priority would leave 2 % of its load to the next", "6 of 10 stay in rotation, where a priority would leave 16 % of its load to the next"],
            verdicts.Select(verdict => verdict.Note));
        var places = new EjectionTally(14, 2) { Priorities = [new("east", 10, 2), new("west", 4, 0)] };
        var verdict = Assert.Single(EjectionBudget.Decide(places, policy, [Proposal("a") with { Priority = "east" }]));
        Assert.Equal("7 of 10 in east stay in rotation: 2 % of its load goes to other priorities", verdict.Note);
        Assert.Null(Assert.Single(EjectionBudget.Decide(new(3, 3), policy, [Proposal("a")])).Note);
    }

    [Fact]
    public void A_tally_counts_by_priority_where_there_are_several()
    {
        var tally = new EjectionTally(14, 2) { Priorities = [new("east", 10, 2), new("west", 4, 0)] };
        Assert.Equal(tally, tally with { Priorities = [new("east", 10, 2), new("west", 4, 0)] });
        Assert.Equal(tally.GetHashCode(), (tally with { Priorities = [] }).GetHashCode());
        Assert.NotEqual(tally, new EjectionTally(14, 2));
        Assert.NotEqual(tally, tally with { Hosts = 15 });
        Assert.False(tally.Equals(null));
        Assert.Equal(tally.Priorities[1] with { Ejected = 1 }, tally.WithOneMore("west").Of("west"));
        Assert.Equal((3, 2), (tally.WithOneMore("west").Ejected, tally.WithOneMore("west").Of("east").Ejected));
        Assert.Equal(new("north", 0, 0), tally.Of("north"));
        Assert.Equal(0, new PriorityTally("", 1, 2).Left);
        Assert.Equal(tally, JsonSerializer.Deserialize<EjectionTally>(JsonSerializer.Serialize(tally)));
        Assert.Equal("{\"Hosts\":3,\"Ejected\":1}", JsonSerializer.Serialize(new EjectionTally(3, 1)));
        Assert.Equal(new(3, 1), JsonSerializer.Deserialize<EjectionTally>("{\"Hosts\":3,\"Ejected\":1}"));
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
        Assert.Equal(
            "1 of 3 are ejected, and with less than 50 % in rotation clients would panic and ignore it",
            EjectionBudget.Refusal(new(3, 1), new OutlierDetection { MaxEjectionPercent = 100 }));
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
        Assert.Equal(new EjectionTally(4, 1) { Probing = 1 }, tally);
        Assert.NotEqual(new EjectionTally(4, 1), tally);
    }

    [Fact]
    public void One_that_has_yet_to_prove_itself_keeps_its_place_and_takes_no_second_one_when_it_fails()
    {
        var policy = new OutlierDetection { MaxEjectionPercent = 20 };
        var tally = new EjectionTally(10, 1) { Probing = 1 };
        Assert.Null(EjectionBudget.Refusal(tally with { Probing = 0 }, policy));
        Assert.Equal("1 of 10 are ejected, 1 more are to prove themselves, and maxEjectionPercent is 20", EjectionBudget.Refusal(tally, policy));
        Assert.Null(EjectionBudget.Refusal(tally, policy, returning: true));
        Assert.NotNull(EjectionBudget.Refusal(tally with { Probing = 2 }, policy, returning: true));
        Assert.Null(EjectionBudget.Refusal(tally, policy, OutlierDetector.ActiveHealthCheck));
        var always = new OutlierDetection { MaxEjectionPercent = 0, AlwaysEjectOneHost = true };
        Assert.NotNull(EjectionBudget.Refusal(new(10, 0) { Probing = 1 }, always));
        Assert.Null(EjectionBudget.Refusal(new(10, 0) { Probing = 1 }, always, returning: true));
        // The place goes with it: the second one finds it taken.
        Assert.Equal("back", Allowed(tally, policy, Proposal("back", 9) with { Returning = true }, Proposal("next")));
        Assert.Equal(new EjectionTally(10, 2), tally.WithOneMore("", returning: true));
        Assert.Equal(new EjectionTally(10, 2) { Probing = 1 }, tally.WithOneMore(""));
    }
}
