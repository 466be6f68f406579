using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;
using Mesh.Core.Verdicts;
using Xunit;

namespace Mesh.Core.Tests.Verdicts;

public class TransitionsTests
{
    private static string? Entry(HealthStatus? before, HealthStatus after, bool byHand = false)
    {
        var entry = Transitions.Entry(before is { } was ? Given.Snapshot(status: was) : null, Given.Snapshot(status: after), null, Given.Start, byHand);
        return entry is null ? null : $"{entry.Kind}: {entry.Reason}";
    }

    [Theory]
    [InlineData(null, HealthStatus.Healthy, false, null)]
    [InlineData(HealthStatus.Healthy, HealthStatus.Suspect, false, null)]
    [InlineData(HealthStatus.Healthy, HealthStatus.Expired, false, null)]
    [InlineData(HealthStatus.Draining, HealthStatus.Draining, false, null)]
    [InlineData(HealthStatus.Ejected, HealthStatus.Ejected, false, null)]
    [InlineData(HealthStatus.Healthy, HealthStatus.Draining, true, "Drained: drained")]
    [InlineData(HealthStatus.Draining, HealthStatus.Healthy, true, "Restored: its draining was ended")]
    [InlineData(HealthStatus.Draining, HealthStatus.Probing, false, "Restored: its draining was ended")]
    [InlineData(HealthStatus.Ejected, HealthStatus.Healthy, true, "Restored: its ejection was ended")]
    [InlineData(HealthStatus.Ejected, HealthStatus.Healthy, false, "Returned: its active checks passed")]
    [InlineData(HealthStatus.Ejected, HealthStatus.Suspect, false, "Returned: its active checks passed")]
    [InlineData(HealthStatus.Ejected, HealthStatus.Probing, false, "Returned: the ejection ended; it has to prove itself")]
    [InlineData(HealthStatus.Probing, HealthStatus.Healthy, false, "Proven: it has proven itself")]
    [InlineData(HealthStatus.Probing, HealthStatus.Suspect, false, "Proven: it has proven itself")]
    public void Each_change_that_matters_has_its_entry(HealthStatus? before, HealthStatus after, bool byHand, string? expected) =>
        Assert.Equal(expected, Entry(before, after, byHand));

    [Fact]
    public void An_ejection_is_entered_also_by_whoever_missed_how_it_began_and_when_it_is_prolonged()
    {
        var evidence = new OutlierEvidence(OutlierDetector.Consecutive5xx, 5, 5);
        var ejection = new Ejection(Given.At(1), Given.At(31), "5 consecutive 5xx", false) { Evidence = evidence, PolicySource = "DestinationRule/a/b@1" };
        var ejected = Given.Snapshot(status: HealthStatus.Ejected) with { EjectedUntil = Given.At(31), Reason = "5 consecutive 5xx" };
        var entry = Transitions.Entry(null, ejected, ejection, Given.At(9))!;
        Assert.Equal((LedgerKind.Ejected, "5 consecutive 5xx", Given.At(1), Given.At(31)), (entry.Kind, entry.Reason, entry.At, entry.Until));
        Assert.Equal((evidence, "DestinationRule/a/b@1", null), (entry.Evidence, entry.Policy, entry.WeightBefore));
        Assert.Null(Transitions.Entry(ejected, ejected with { EjectionMultiplier = 2 }, ejection, Given.Start));
        Assert.Equal(Given.At(60), Transitions.Entry(ejected, ejected with { EjectedUntil = Given.At(60) }, ejection with { Until = Given.At(60) }, Given.Start)!.Until);
        Assert.Equal(LedgerKind.Ejected, Transitions.Entry(ejected, ejected with { Reason = "by hand: test" }, ejection, Given.Start)!.Kind);
        Assert.Equal("5 consecutive 5xx", Transitions.Entry(null, ejected, null, Given.Start)!.Reason);
        Assert.Equal("ejected", Transitions.Entry(null, ejected with { Reason = null }, null, Given.Start)!.Reason);
    }

    [Fact]
    public void A_weight_that_changes_is_entered_with_both()
    {
        var before = Given.Snapshot() with { Weight = 100 };
        var entry = Transitions.Entry(before, before with { Weight = 45 }, null, Given.Start)!;
        Assert.Equal((LedgerKind.Weight, "effective weight 1 -> 0.45", 100, 45), (entry.Kind, entry.Reason, entry.WeightBefore, entry.WeightAfter));
        var proven = Transitions.Entry(before with { Status = HealthStatus.Probing, Weight = 10 }, before, null, Given.Start)!;
        Assert.Equal((LedgerKind.Proven, 10, 100), (proven.Kind, proven.WeightBefore, proven.WeightAfter));
        Assert.Null(Transitions.Entry(before with { Status = HealthStatus.Draining }, before, null, Given.Start)!.WeightBefore);
    }

    [Fact]
    public void A_weight_that_warms_up_is_no_news()
    {
        var warming = Given.Snapshot() with { Weight = 40, WeightReason = "warming up 40 %" };
        Assert.Null(Transitions.Entry(warming, warming with { Weight = 50, WeightReason = "warming up 50 %" }, null, Given.Start));
        Assert.Null(Transitions.Entry(warming, Given.Snapshot() with { Weight = 100 }, null, Given.Start));
        Assert.Null(Transitions.Entry(Given.Snapshot() with { Weight = 100 }, warming, null, Given.Start));
        Assert.NotNull(Transitions.Entry(warming with { WeightReason = "slow" }, warming with { WeightReason = null, Weight = 90 }, null, Given.Start));
    }

    [Fact]
    public void A_verdict_says_how_things_stood_and_what_it_leads_to()
    {
        var entry = new LedgerEntry { At = Given.Start, EndpointId = "a", Kind = LedgerKind.Ejected, Reason = "why" };
        Assert.Same(entry, Transitions.On(entry, null));
        var evidence = new OutlierEvidence(OutlierDetector.Consecutive5xx, 5, 5);
        var on = Transitions.On(entry, new EjectionVerdict(new("a", evidence), true, null) { Tally = new(3, 1), Note = "so" });
        Assert.Equal(("why; so", new EjectionTally(3, 1)), (on.Reason, on.Tally));
        Assert.Equal("why", Transitions.On(entry, new EjectionVerdict(new("a", evidence), true, null)).Reason);
    }
}
