using System.Collections.Immutable;
using Mesh.Core.Health;
using Mesh.Core.Latency;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Core.Verdicts;
using Xunit;

namespace Mesh.Core.Tests.Verdicts;

public class ServiceJudgeTests
{
    private static readonly OutlierDetection Policy = new();

    private readonly ServiceJudge _judge = new();

    private static EndpointObservation Seen(string id, long succeeded, long failed) => new() { EndpointId = id, Succeeded = succeeded, Failed = failed };

    private static EndpointObservation[] Healthy(int count, long requests = 1000) => [.. Enumerable.Range(1, count).Select(i => Seen($"e{i}", requests, 0))];

    private ImmutableArray<EjectionProposal> Observe(double at, OutlierDetection? policy, params EndpointObservation[] report) =>
        _judge.Observe(report, policy ?? Policy, Given.At(at));

    private Ruling Rule(double at, OutlierDetection policy, Func<double> chance, params EjectionProposal[] proposals) =>
        _judge.Rule(new(20, 0), new() { OutlierDetection = policy, Source = "DestinationRule/a/b@1" }, proposals, Given.At(at), chance);

    private static EjectionProposal Run(long count, string id = "e0", OutlierDetector detector = OutlierDetector.Consecutive5xx) => new(id, new(detector, count, 5));

    [Fact]
    public void An_interval_begins_with_the_first_report_and_ends_with_the_sweep()
    {
        Assert.Null(_judge.SweepDue(Policy));
        Observe(3, null, Seen("e0", 0, 0));
        Assert.Null(_judge.SweepDue(Policy));
        Observe(4, null, Seen("e0", 1, 0));
        Observe(9, null, Seen("e0", 1, 0));
        Assert.Equal(Given.At(14), _judge.SweepDue(Policy));
        Assert.Equal(Given.At(5), _judge.SweepDue(Policy with { Interval = TimeSpan.FromSeconds(1) }));
        Assert.Equal(Given.At(4.001), _judge.SweepDue(Policy with { Interval = TimeSpan.Zero }));
        Assert.Empty(_judge.Sweep(Policy, _ => true));
        Assert.Null(_judge.SweepDue(Policy));
    }

    [Fact]
    public void A_sweep_compares_what_the_interval_brought_and_forgets_it()
    {
        var slow = Seen("slow", 500, 0) with { Latency = LatencySketch.Of(Enumerable.Repeat(0.5, 500)) };
        EndpointObservation[] fast = [.. Healthy(5).Select(seen => seen with { Latency = LatencySketch.Of(Enumerable.Repeat(0.01, 500)) })];
        Observe(1, null, [Seen("e0", 50, 450) with { Sources = [new("p1", 450, FailureRuns.None)] }, slow, .. fast]);
        Observe(5, null, [Seen("e0", 50, 450) with { Sources = [new("p2", 450, FailureRuns.None)] }, slow, .. fast]);
        var found = _judge.Sweep(Policy, _ => true);
        Assert.Equal(
            [OutlierDetector.SuccessRate, OutlierDetector.FailurePercentage, OutlierDetector.Latency], found.Select(proposal => proposal.Evidence.Detector));
        Assert.Equal(["e0", "e0", "slow"], found.Select(proposal => proposal.EndpointId));
        Assert.Equal((900, 1000, Given.At(1)), (found[0].Evidence.Count, found[0].Evidence.Requests, found[0].Evidence.Since));
        Assert.Equal([new("p1", 450), new EvidenceSource("p2", 450)], found[0].Evidence.Sources);
        Assert.Equal(1000, found[2].Evidence.Requests);

        Observe(12, null, [Seen("e0", 0, 500), slow with { Latency = null }, .. Healthy(5)]);
        var second = _judge.Sweep(Policy, _ => true);
        Assert.Equal((500, 500, Given.At(5)), (second[0].Evidence.Count, second[0].Evidence.Requests, second[0].Evidence.Since));
        Assert.DoesNotContain(second, proposal => proposal.Evidence.Detector == OutlierDetector.Latency);
        Assert.Empty(second[0].Evidence.Sources);
        Assert.Empty(_judge.Sweep(Policy, _ => true));
    }

    [Fact]
    public void Who_takes_no_traffic_is_not_compared()
    {
        Observe(1, null, [Seen("e0", 50, 450), .. Healthy(5)]);
        Assert.Empty(_judge.Sweep(Policy, id => id != "e0"));
    }

    [Fact]
    public void Failures_of_one_proxy_are_told_where_nothing_else_is_said_of_the_endpoint()
    {
        static EndpointObservation Of(int i, params (string Proxy, long Failed)[] sources) => Seen($"e{i}", 990, sources.Sum(source => source.Failed)) with
        {
            Sources = [.. sources.Select(source => new ReportSource(source.Proxy, source.Failed, FailureRuns.None))],
        };
        EndpointObservation[] others = [.. Enumerable.Range(1, 9).Select(i => Of(i, ("p1", 8), ("p2", 8), ("p7", 8)))];
        Observe(1, null, [Of(0, ("p7", 40)), .. others]);
        var found = Assert.Single(_judge.Sweep(Policy, _ => true));
        Assert.Equal((OutlierDetector.OneProxy, "e0"), (found.Evidence.Detector, found.EndpointId));
        Assert.Empty(Rule(11, Policy, () => 0, found).Verdicts);
        Observe(12, null, [Of(0, ("p7", 900)), .. others]);
        Assert.Equal([OutlierDetector.SuccessRate], _judge.Sweep(Policy, _ => true).Select(proposal => proposal.Evidence.Detector));
    }

    [Fact]
    public void The_sequential_test_speaks_as_soon_as_the_evidence_suffices_and_its_figures_add_up()
    {
        Observe(-2, null, [Seen("e0", 1000, 0), .. Healthy(9)]);
        Assert.Empty(Observe(1, null, Seen("e0", 2, 3) with { Sources = [new("p1", 2, FailureRuns.None), new("p2", 1, FailureRuns.None)] }));
        var proposal = Assert.Single(Observe(1.5, null, Seen("e0", 2, 6) with { Sources = [new("p2", 6, FailureRuns.None)] }));
        var evidence = proposal.Evidence;
        Assert.Equal(("e0", OutlierDetector.Sequential, 9, 13), (proposal.EndpointId, evidence.Detector, evidence.Count, evidence.Requests));
        Assert.Equal((9.0 / 13, SequentialTest.AlwaysAllowed, 0.0, 10), (evidence.Observed, evidence.Limit!.Value, evidence.Peers, evidence.Hosts));
        Assert.InRange(evidence.Threshold, 5, 8);
        Assert.Equal(Given.At(-2), evidence.Since);
        Assert.Equal([new("p2", 7), new EvidenceSource("p1", 2)], evidence.Sources);
        Assert.Matches("^evidence of [0-9.]+E\\+[0-9]+ to 1, 1E\\+6 suffice$", evidence.Note);
        Assert.Equal("fails more than its peers: 9 of 13 requests failed, 0 % at its peers", evidence.Reason);

        // It stands until enough successes speak against it, also when a report brings none but successes.
        Assert.Single(Observe(2, null, Seen("e0", 1, 0)));
        Assert.Empty(Observe(3, null, Seen("e0", 400, 0)));
    }

    [Fact]
    public void The_sequential_test_needs_peers_with_traffic()
    {
        Observe(-2, null, Seen("e0", 1, 0));
        Assert.Empty(Observe(1, null, Seen("e0", 0, 100)));
        Assert.Empty(Observe(2, null, Seen("e0", 0, 100), Seen("e1", 1000, 0)));
        Assert.Single(Observe(3, null, Seen("e0", 0, 100), Seen("e1", 1000, 0), Seen("e2", 1000, 0)));
        Assert.Empty(Observe(4, Policy with { SequentialMinimumHosts = 4 }, Seen("e0", 0, 100)));
        Assert.Single(Observe(4, Policy with { SequentialMinimumHosts = 0 }, Seen("e0", 0, 100)));
    }

    [Theory]
    [InlineData(1.499, 0)]
    [InlineData(1.5, 1)]
    public void In_its_first_moments_failures_are_heard_of_before_successes_and_say_nothing(double at, int proposals)
    {
        Observe(-10, null, Healthy(9));
        Observe(0, null, Seen("e0", 0, 9));
        Assert.Equal(proposals, Observe(at, null, Seen("e0", 0, 9)).Length);
        // What was heard of then does not count later either.
        Assert.Equal(9 * proposals, Observe(at, null, Seen("e0", 0, 1)).FirstOrDefault()?.Evidence.Count - 1 ?? 0);
    }

    [Fact]
    public void What_peers_did_long_ago_counts_for_little()
    {
        Observe(0, null, [.. Enumerable.Range(1, 9).Select(i => Seen($"e{i}", 500, 500))]);
        Assert.Empty(Observe(1, null, Seen("e0", 0, 100)));
        Observe(1000, null, Healthy(9));
        Assert.Single(Observe(1001, null, Seen("e0", 0, 100)));
        Observe(1e9, null, Healthy(9));
        Assert.Single(Observe(1e9, null, Seen("e0", 0, 100)));
    }

    [Fact]
    public void Many_reports_without_a_pause_do_not_wear_the_counts_out()
    {
        for (var i = 0; i < 3000; i++)
        {
            Observe(i * 0.01, null, [Seen("e0", 99, 1), .. Healthy(4, 100)]);
        }

        var proposal = Assert.Single(Observe(31, null, Seen("e0", 0, 100)));
        Assert.InRange(proposal.Evidence.Peers!.Value, 0, 1e-9);
        Assert.Equal(5, proposal.Evidence.Hosts);
    }

    [Fact]
    public void Whoever_is_forgotten_begins_anew_and_its_peers_are_not_compared_with_it()
    {
        Observe(0, null, [Seen("bad", 0, 9000), .. Healthy(3)]);
        Assert.Empty(Observe(1, null, Seen("e1", 0, 100)));
        _judge.Forget("bad");
        _judge.Forget("nobody");
        var proposal = Assert.Single(Observe(2, null, Seen("e1", 0, 100)));
        Assert.Equal(0, proposal.Evidence.Peers!.Value, 1e-9);
        Assert.Equal(3, proposal.Evidence.Hosts);
        Assert.Empty(Observe(3, null, Seen("bad", 0, 1)));
    }

    [Fact]
    public void An_endpoint_is_told_of_the_last_success_that_anybody_saw()
    {
        var late = Seen("e0", 0, 3) with { RunBegan = Given.At(8) };
        Assert.Same(late, _judge.Inform(late));
        Observe(10, null, Seen("e0", 5, 0) with { LastSuccess = Given.At(9) });
        Assert.Equal(Given.At(9), _judge.Inform(late).LastSuccess);
        Assert.Equal(0, FailureRuns.None.Advance(_judge.Inform(late), split: false).Consecutive5xx);
        Assert.Null(_judge.Inform(late with { RunBegan = null }).LastSuccess);
        Assert.Null(_judge.Inform(late with { Succeeded = 1 }).LastSuccess);
        Assert.Equal(Given.At(7), _judge.Inform(late with { LastSuccess = Given.At(7) }).LastSuccess);
        Assert.Null(_judge.Inform(Seen("e0", 0, 0) with { RunBegan = Given.At(8) }).LastSuccess);
    }

    [Fact]
    public void Half_enforced_is_acted_on_by_chance_and_what_is_let_go_is_entered()
    {
        var half = Policy with { EnforcingConsecutive5xx = 50 };
        Assert.True(Assert.Single(Rule(1, half, () => 0.49, Run(5, "e1")).Verdicts).Allowed);
        var ruling = Rule(1, half, () => 0.5, Run(5));
        Assert.Empty(ruling.Verdicts);
        Assert.Equal([Run(5)], ruling.NotEnforced);
        var entry = Assert.Single(ruling.Entries);
        Assert.Equal((LedgerKind.NotEnforced, "e0", "5 consecutive 5xx; not enforced", "DestinationRule/a/b@1"), (entry.Kind, entry.EndpointId, entry.Reason, entry.Policy));
        Assert.Equal((Given.At(1), 5, null), (entry.At, entry.Evidence!.Count, entry.Tally));
    }

    [Fact]
    public void The_dice_for_a_run_are_thrown_again_when_it_is_longer_by_a_threshold_or_another_one()
    {
        var half = Policy with { EnforcingConsecutive5xx = 50 };
        Assert.Single(Rule(1, half, () => 0.9, Run(5)).NotEnforced);
        var none = Rule(1, half, () => 0, Run(9));
        Assert.Empty(none.Verdicts);
        Assert.Empty(none.NotEnforced);
        Assert.Single(Rule(1, half, () => 0.9, Run(10)).NotEnforced);
        Assert.Empty(Rule(1, half, () => 0, Run(14)).Verdicts);
        Assert.Single(Rule(1, half, () => 0, Run(5)).Verdicts);
        Observe(2, null, Seen("e0", 1, 0));
        Assert.Single(Rule(2, half, () => 0, Run(12)).Verdicts);
        Assert.Single(Rule(2, half, () => 0, Run(12, detector: OutlierDetector.ConsecutiveGatewayFailure)).Verdicts);
    }

    [Fact]
    public void What_the_sequential_test_found_and_was_let_go_needs_new_evidence()
    {
        var off = Policy with { EnforcingSequential = 0 };
        Observe(-2, null, [Seen("e0", 1000, 0), .. Healthy(9)]);
        var found = Observe(1, off, Seen("e0", 0, 10)).Single();
        Assert.Single(Rule(1, off, () => 0, found).NotEnforced);
        Assert.Empty(Observe(1.1, off, Seen("e0", 0, 1)));
        Assert.Equal(10, Assert.Single(Observe(1.2, off, Seen("e0", 0, 10))).Evidence.Count);
    }

    [Fact]
    public void As_long_as_it_goes_on_a_refusal_is_entered_once()
    {
        var none = Policy with { MaxEjectionPercent = 0 };
        Assert.Equal(
            [(LedgerKind.Refused, new EjectionTally(20, 0), "0 of 20 are ejected and maxEjectionPercent is 0")],
            Rule(0, none, () => 0, Run(5)).Entries.Select(entry => (entry.Kind, entry.Tally!, entry.Reason)));
        for (var at = 1; at < 100; at += 20)
        {
            var ruling = Rule(at, none, () => 0, Run(5));
            Assert.Empty(ruling.Entries);
            Assert.False(Assert.Single(ruling.Verdicts).Allowed);
        }

        Assert.Single(Rule(102, none, () => 0, Run(5)).Entries);
        Assert.Single(Rule(102, none, () => 0, Run(5, "e1")).Entries);
        Assert.Single(Rule(102, Policy with { EnforcingLatency = 0 }, () => 0, Run(5, detector: OutlierDetector.Latency)).Entries);
        Assert.Empty(Rule(122, Policy with { EnforcingLatency = 0 }, () => 0, Run(5, detector: OutlierDetector.Latency)).Entries);
        Assert.Equal(Ruling.None, Ruling.None with { });
    }

    [Theory]
    [InlineData(OutlierDetector.Consecutive5xx, null, 1)]
    [InlineData(OutlierDetector.ConsecutiveGatewayFailure, null, 2)]
    [InlineData(OutlierDetector.ConsecutiveLocalOriginFailure, null, 3)]
    [InlineData(OutlierDetector.SuccessRate, null, 4)]
    [InlineData(OutlierDetector.SuccessRate, RateDetectors.AnswersOnly, 4)]
    [InlineData(OutlierDetector.SuccessRate, RateDetectors.LocalOriginOnly, 5)]
    [InlineData(OutlierDetector.FailurePercentage, null, 6)]
    [InlineData(OutlierDetector.FailurePercentage, RateDetectors.LocalOriginOnly, 7)]
    [InlineData(OutlierDetector.Latency, null, 8)]
    [InlineData(OutlierDetector.Sequential, null, 9)]
    [InlineData(OutlierDetector.FailedProbe, null, 100)]
    [InlineData(OutlierDetector.ActiveHealthCheck, null, 100)]
    [InlineData(OutlierDetector.OneProxy, null, 0)]
    public void Each_detector_has_its_percentage(OutlierDetector detector, string? note, int percent)
    {
        var policy = new OutlierDetection
        {
            EnforcingConsecutive5xx = 1,
            EnforcingConsecutiveGatewayFailure = 2,
            EnforcingConsecutiveLocalOriginFailure = 3,
            EnforcingSuccessRate = 4,
            EnforcingLocalOriginSuccessRate = 5,
            EnforcingFailurePercentage = 6,
            EnforcingFailurePercentageLocalOrigin = 7,
            EnforcingLatency = 8,
            EnforcingSequential = 9,
        };
        var evidence = new OutlierEvidence(detector, 1, 1) { Note = note };
        Assert.Equal(percent, Enforcement.Percent(evidence, policy));
        Assert.Equal(percent > 0, Enforcement.Holds(evidence, policy, () => percent / 100.0 - 0.001));
        Assert.Equal(percent == 100, Enforcement.Holds(evidence, policy, () => percent / 100.0));
    }

    [Fact]
    public void A_service_stands_by_priority_where_localities_make_a_difference()
    {
        EndpointSnapshot At(string id, string region, HealthStatus status) => Given.Snapshot(id, status) with { Locality = new(region, "a", "") };
        EndpointSnapshot[] endpoints =
        [
            At("a", "east", HealthStatus.Healthy), At("b", "west", HealthStatus.Ejected), At("c", "west", HealthStatus.Probing),
            At("d", "west", HealthStatus.Draining), At("e", "north", HealthStatus.Expired),
        ];
        Assert.Equal(new(3, 1) { Probing = 1 }, Standing.Of(endpoints, TrafficPolicy.Default));
        Assert.Equal("", Standing.PriorityOf(endpoints[0], TrafficPolicy.Default));
        var placed = TrafficPolicy.Default with { LocalityLbSetting = new() };
        Assert.Equal(new(3, 1) { Probing = 1, Priorities = [new("east/a", 1, 0), new("west/a", 2, 1)] }, Standing.Of(endpoints, placed));
        Assert.Equal("west/a", Standing.PriorityOf(endpoints[1], placed));
        Assert.Equal(Run(5) with { Priority = "west/a", Returning = true }, Run(5).Placed(endpoints[2], placed));
        Assert.Equal(Run(5) with { Priority = "east/a" }, Run(5).Placed(endpoints[0], placed));
    }

    [Fact]
    public void Absurd_counts_do_no_harm()
    {
        EndpointObservation Absurd(string id, string proxy) => Seen(id, long.MaxValue, long.MaxValue) with
        {
            Sources = [new(proxy, long.MaxValue, new(long.MaxValue, long.MaxValue, long.MaxValue))],
            Latency = new([new(3, long.MaxValue / 4), new(80, long.MaxValue / 4)], double.MaxValue),
        };
        for (var i = 0; i < 3; i++)
        {
            Observe(i * 2, null, [.. Enumerable.Range(0, 9).Select(e => Absurd($"e{e}", $"p{e % 2}"))]);
        }

        Assert.All(_judge.Sweep(Policy, _ => true), proposal => Assert.Equal(OutlierDetector.FailurePercentage, proposal.Evidence.Detector));
    }

    [Fact]
    public void Words_for_active_checks()
    {
        Assert.Equal("1 failed active check", new OutlierEvidence(OutlierDetector.ActiveHealthCheck, 1, 1).Reason);
        Assert.Equal("3 failed active checks", new OutlierEvidence(OutlierDetector.ActiveHealthCheck, 3, 3).Reason);
        Assert.Equal("3 failed active checks: 503", new OutlierEvidence(OutlierDetector.ActiveHealthCheck, 3, 3) { Note = "503" }.Reason);
    }
}
