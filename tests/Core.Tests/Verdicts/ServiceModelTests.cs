using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Verdicts;
using Xunit;

namespace Mesh.Core.Tests.Verdicts;

public class ServiceModelTests
{
    private static readonly ServiceId Cart = new("shop", "cart");

    private readonly ServiceModel _model = new(Cart, 3);

    public ServiceModelTests()
    {
        foreach (var id in Enumerable.Range(0, 10).Select(i => $"e{i}"))
        {
            _model.Register(Given.Spec(id), Given.Start);
        }
    }

    private static double Chance() => 0;

    private string Verdicts(double at, params EndpointObservation[] seen) => string.Join(',', _model
        .Report(new() { Service = Cart, Reporter = "test", Observations = [.. seen] }, Given.At(at), Chance)
        .Select(verdict => $"{verdict.Proposal.EndpointId} {(verdict.Allowed ? "goes" : "stays")}"));

    private static EndpointObservation Fails(string id, long count = 5) => new() { EndpointId = id, Failed = count };

    private static EndpointObservation Serves(string id, long count) => new() { EndpointId = id, Succeeded = count };

    private string Ledger() => string.Join("; ", _model.TakeLedger().Select(entry => $"{entry.Kind} {entry.EndpointId}"));

    [Fact]
    public void A_policy_with_checks_has_them_made_and_one_without_frees_whoever_waits_for_them()
    {
        _model.Bind(TrafficPolicy.Default with { HealthCheck = new HealthCheck { UnhealthyThreshold = 1 } }, Given.Start);
        var due = _model.NextWake!.Value;
        Assert.InRange(due, Given.Start, Given.At(5));
        var run = _model.Elapse(due, Chance).First(step => step.Step.Has<RunCheck>());
        _model.Apply(run.EndpointId, new CheckEnded(false), due, Chance);
        Assert.Equal(HealthStatus.Ejected, _model.Find(run.EndpointId)!.Status);

        _model.Bind(TrafficPolicy.Default, due);
        Assert.True(_model.NextWake <= due);
        _model.Elapse(due, Chance);
        Assert.Equal(HealthStatus.Probing, _model.Find(run.EndpointId)!.Status);
    }

    [Fact]
    public void A_failing_endpoint_goes_and_returns_by_proof_and_each_step_is_in_the_ledger()
    {
        _model.Bind(TrafficPolicy.Default with { Source = "DestinationRule/shop/cart@1" }, Given.Start);
        Assert.Equal("e1 goes", Verdicts(1, Fails("e1")));
        var entry = Assert.Single(_model.TakeLedger());
        Assert.Equal((LedgerKind.Ejected, "e1", "5 consecutive 5xx", Given.At(31)), (entry.Kind, entry.EndpointId, entry.Reason, entry.Until));
        Assert.Equal((5, new EjectionTally(10, 0), "DestinationRule/shop/cart@1"), (entry.Evidence!.Count, entry.Tally, entry.Policy));
        Assert.Equal(HealthStatus.Ejected, _model.Find("e1")!.Status);
        Assert.Equal(new EjectionTally(10, 1), _model.Tally);
        Assert.Equal(Given.At(11), _model.NextWake);

        Assert.Empty(_model.Elapse(Given.At(11), Chance));
        Assert.Equal(Given.At(31), _model.NextWake);
        Assert.Empty(_model.Elapse(Given.At(30), Chance));
        var step = Assert.Single(_model.Elapse(Given.At(31), Chance));
        Assert.Equal(("e1", HealthStatus.Probing), (step.EndpointId, step.Step.State!.Status));
        Assert.Equal("Returned e1", Ledger());
        Verdicts(32, Serves("e1", 3));
        Assert.StartsWith("Proven e1", Ledger(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_budget_spares_the_second_and_its_refusal_is_entered_once_for_a_run()
    {
        Assert.Equal("e2 goes,e1 stays", Verdicts(1, Fails("e1"), Fails("e2", 6)));
        Assert.Equal("e1 stays", Verdicts(2, Fails("e1")));
        var ledger = _model.TakeLedger();
        Assert.Equal(["Ejected e2", "Refused e1"], ledger.Select(entry => $"{entry.Kind} {entry.EndpointId}"));
        Assert.Equal(new EjectionTally(10, 1), ledger[1].Tally);
        Assert.Contains("maxEjectionPercent", ledger[1].Reason, StringComparison.Ordinal);
        Assert.Equal(HealthStatus.Suspect, _model.Find("e1")!.Status);
    }

    [Fact]
    public void A_version_is_made_when_something_visible_changes_and_only_then()
    {
        var first = _model.Snapshot;
        Assert.Equal((3, 1), (first.Version.Epoch, first.Version.Number));
        Verdicts(1, Serves("e1", 100));
        Assert.Same(first, _model.Snapshot);
        Verdicts(2, Fails("e1"));
        Assert.Equal((2, Given.At(2)), (_model.Snapshot.Version.Number, _model.Snapshot.At));
        Assert.True(_model.Deregister("e1", Given.At(3)));
        Assert.False(_model.Deregister("e1", Given.At(3)));
        Assert.Equal((3, 9), (_model.Snapshot.Version.Number, _model.Snapshot.Endpoints.Length));
    }

    [Fact]
    public void By_hand_endpoints_are_drained_ejected_and_restored()
    {
        Assert.True(_model.Drain("e1", Given.Start));
        Assert.True(_model.Restore("e1", Given.Start));
        Assert.True(_model.Eject("e1", TimeSpan.FromMinutes(1), "by hand: test", Given.Start));
        Assert.True(_model.Restore("e1", Given.Start));
        Assert.Equal("Drained e1; Restored e1; Ejected e1; Restored e1", Ledger());
        Assert.False(_model.Drain("ghost", Given.Start));
        Assert.False(_model.Restore("ghost", Given.Start));
        Assert.False(_model.Renew("ghost", Given.Start));
        Assert.False(_model.Eject("ghost", null, "", Given.Start));
        Assert.Equal("", Verdicts(1, Fails("ghost")));
    }

    [Fact]
    public void An_endpoint_whose_lease_runs_out_goes_and_one_that_renews_stays()
    {
        _model.Register(Given.Spec("leased", lease: TimeSpan.FromSeconds(10)), Given.Start);
        Assert.True(_model.Renew("leased", Given.At(5)));
        Assert.Equal(Given.At(15), _model.NextWake);
        _model.Elapse(Given.At(15), Chance);
        Assert.Equal(HealthStatus.Expired, _model.Find("leased")!.Status);
        _model.Elapse(_model.NextWake!.Value, Chance);
        Assert.Null(_model.Find("leased"));
        Assert.Equal(10, _model.Endpoints.Count());
        Assert.Null(_model.NextWake);
    }

    [Fact]
    public void What_is_recovered_from_disk_is_as_it_was_and_its_lease_begins_anew()
    {
        _model.Register(Given.Spec("leased", lease: TimeSpan.FromSeconds(10)), Given.Start);
        _model.Eject("leased", TimeSpan.FromSeconds(30), "by hand", Given.At(1));
        var after = new ServiceModel(Cart, 4);
        after.Recover(EndpointMachine.Durable(_model.Find("leased")!), Given.At(20));
        Assert.Equal((HealthStatus.Ejected, Given.At(30)), (after.Find("leased")!.Status, after.Find("leased")!.LeaseExpires));
        Assert.Equal(Given.At(30), after.NextWake);
        Assert.Equal("leased", Assert.Single(after.Snapshot.Endpoints).Id);
        Assert.Empty(after.TakeLedger());
    }

    [Fact]
    public void What_an_event_proposes_is_decided_at_once()
    {
        var step = _model.Apply("e4", new ObservationReceived(Fails("e4")), Given.At(1), Chance);
        Assert.True(step.Has<ProposeEjection>());
        Assert.Equal(HealthStatus.Ejected, _model.Find("e4")!.Status);
        Assert.Null(_model.Apply("ghost", new TimeElapsed(), Given.At(1), Chance).State);
        Assert.Equal("Ejected e4", Ledger());
        Assert.Equal("", Ledger());
    }
}
