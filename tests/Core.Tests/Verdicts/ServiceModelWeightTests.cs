using Mesh.Core.Ledger;
using Mesh.Core.Policies;
using Mesh.Core.Tests.Weights;
using Mesh.Core.Verdicts;
using Xunit;

namespace Mesh.Core.Tests.Verdicts;

public class ServiceModelWeightTests
{
    private static readonly ServiceId Cart = new("shop", "cart");

    private readonly ServiceModel _model = new(Cart, 3);

    public ServiceModelWeightTests()
    {
        foreach (var id in (string[])["a", "b", "c"])
        {
            _model.Register(Given.Spec(id), Given.Start);
        }
    }

    [Fact]
    public void Weights_follow_the_load_step_by_step_and_each_is_in_the_snapshot_and_the_ledger()
    {
        _model.Bind(new() { AdaptiveWeights = new(), OutlierDetection = new() { Consecutive5xx = 0 } }, Given.Start);
        Report(0.5);
        Assert.Equal(Given.At(1.5), _model.NextWake);

        _model.Elapse(Given.At(1.4), () => 0);
        Assert.Equal(100, Weight("c"));
        _model.Elapse(Given.At(1.5), () => 0);

        Assert.Equal(70, Weight("c"));
        var entry = Assert.Single(_model.TakeLedger(), entry => entry.EndpointId == "c");
        Assert.Equal((LedgerKind.Weight, 100, 70), (entry.Kind, entry.WeightBefore, entry.WeightAfter));
        Report(2);
        Assert.Equal(Given.At(2.5), _model.NextWake);
        _model.Elapse(Given.At(2.5), () => 0);
        Assert.Equal(49, Weight("c"));
    }

    [Fact]
    public void Another_policy_puts_them_back_at_once()
    {
        _model.Bind(new() { AdaptiveWeights = new() }, Given.Start);
        Report(0.5);
        _model.Elapse(Given.At(1.5), () => 0);

        _model.Bind(TrafficPolicy.Default, Given.At(2));

        Assert.Equal(100, Weight("c"));
        Assert.DoesNotContain(_model.Snapshot.Endpoints, endpoint => endpoint.AdaptivePercent is not null);
    }

    [Fact]
    public void Without_the_policy_nothing_moves()
    {
        Report(0.5);
        _model.Elapse(Given.At(30), () => 0);

        Assert.Equal(100, Weight("c"));
    }

    private void Report(double at) => _model.Report(
        new()
        {
            Service = Cart,
            Reporter = "test",
            Observations = [Fleet.Load("a", 10).Seen!, Fleet.Load("b", 10).Seen!, Fleet.Load("c", 60).Seen!],
        },
        Given.At(at),
        () => 0);

    private int Weight(string id) => _model.Snapshot.Endpoints.Single(endpoint => endpoint.Id == id).Weight;
}
