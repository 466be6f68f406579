using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Core.Tests.Weights;
using Mesh.Core.Verdicts;
using Xunit;

namespace Mesh.Core.Tests.Verdicts;

public class AdaptiveSessionTests
{
    private static readonly TrafficPolicy Policy = new() { AdaptiveWeights = new(), Source = "DestinationRule/shop/cart@3" };

    private readonly AdaptiveSession _session = new();
    private readonly EndpointSnapshot[] _endpoints = [Given.Snapshot("a"), Given.Snapshot("b"), Given.Snapshot("c")];
    private double _now;

    [Fact]
    public void Without_reports_there_is_nothing_to_do()
    {
        Assert.False(_session.Active);
        Assert.False(Step().Publish);
        Assert.False(_session.Active);
        Assert.Empty(_session.Factors);
    }

    [Fact]
    public void A_report_is_worth_a_step_and_a_slow_endpoint_worth_going_on()
    {
        See(slow: 10);
        Assert.True(_session.Active);
        Step();
        Assert.False(_session.Active);

        See(slow: 60);
        Step();
        Assert.True(_session.Active);
    }

    [Fact]
    public void A_step_is_due_an_interval_after_the_last_or_after_the_report_that_ended_a_pause()
    {
        Assert.Null(_session.Due(Policy));
        _now = 5;
        See(slow: 10);
        Assert.Equal(Given.At(6), _session.Due(Policy));
        Assert.Null(_session.Due(TrafficPolicy.Default));

        Step();
        Assert.Null(_session.Due(Policy));

        _now = 6.4;
        See(slow: 10);
        Assert.Equal(Given.At(7), _session.Due(Policy));

        _now = 20;
        Step();
        _now = 60;
        See(slow: 10);
        Assert.Equal(Given.At(61), _session.Due(Policy));

        _session.Step(_endpoints, TrafficPolicy.Default, Given.At(70));
        _session.Resume(new Dictionary<string, int> { ["a"] = 150 });
        Assert.Null(_session.Due(Policy));
    }

    [Fact]
    public void The_factor_is_put_on_the_weight_with_its_reason()
    {
        See(slow: 60);
        Assert.True(Step().Publish);

        var weighed = _session.Weigh(_endpoints[2] with { Weight = 40 }, Policy);

        Assert.Equal((70, 28), (weighed.AdaptivePercent, weighed.Weight));
        Assert.StartsWith("60 ms against 10 ms at its peers", weighed.AdaptiveReason, StringComparison.Ordinal);
        Assert.Equal(1, _session.Weigh(_endpoints[2] with { Weight = 1 }, Policy).Weight);
    }

    [Fact]
    public void What_an_endpoint_tells_of_itself_gets_the_factor_that_its_service_put_on()
    {
        See(slow: 60);
        Step();
        var shown = _session.Weigh(_endpoints[2], Policy);

        var told = (_endpoints[2] with { Weight = 40 }).WeighedAs(shown);

        Assert.Equal((28, 70, shown.AdaptiveReason), (told.Weight, told.AdaptivePercent, told.AdaptiveReason));
        Assert.Same(_endpoints[0], _endpoints[0].WeighedAs(null));
        Assert.Same(_endpoints[0], _endpoints[0].WeighedAs(_endpoints[1]));
    }

    [Fact]
    public void Who_takes_no_traffic_or_is_not_known_keeps_its_weight()
    {
        See(slow: 60);
        Step();

        var ejected = _endpoints[2] with { Status = HealthStatus.Ejected };
        Assert.Same(ejected, _session.Weigh(ejected, Policy));
        var newcomer = Given.Snapshot("z");
        Assert.Same(newcomer, _session.Weigh(newcomer, Policy));
        Assert.Same(_endpoints[2], _session.Weigh(_endpoints[2], TrafficPolicy.Default));
    }

    [Fact]
    public void A_step_that_is_published_is_entered_with_weights_before_and_after()
    {
        See(slow: 60);

        var entry = Assert.Single(Step().Entries, entry => entry.EndpointId == "c");

        Assert.Equal((LedgerKind.Weight, 100, 70, "DestinationRule/shop/cart@3"), (entry.Kind, entry.WeightBefore, entry.WeightAfter, entry.Policy));
        Assert.Equal(_session.State.ReasonOf("c"), entry.Reason);
        Assert.Equal(Given.At(1), entry.At);
    }

    [Fact]
    public void The_ledger_is_told_of_ten_percent_and_no_more_often()
    {
        var entries = new List<LedgerEntry>();
        for (var i = 0; i < 60; i++)
        {
            See(slow: 30);
            entries.AddRange(Step().Entries);
        }

        var slow = entries.Where(entry => entry.EndpointId == "c").ToList();
        Assert.InRange(slow.Count, 3, 12);
        Assert.All(slow, entry => Assert.True(entry.WeightAfter < 0.9 * entry.WeightBefore));
        Assert.Equal(slow.Skip(1).Select(entry => entry.WeightBefore), slow.SkipLast(1).Select(entry => entry.WeightAfter));
        Assert.Equal(100, slow[0].WeightBefore);
    }

    [Fact]
    public void Small_steps_are_entered_together_once_they_are_worth_it()
    {
        var policy = Policy with { AdaptiveWeights = new() { HysteresisPercent = 0, MaximumStepPercent = 4 } };
        var entries = new List<LedgerEntry>();
        for (var i = 0; i < 3; i++)
        {
            See(slow: 60, policy);
            entries.AddRange(_session.Step(_endpoints, policy, Given.At(++_now)).Entries);
        }

        var entry = Assert.Single(entries);
        Assert.Equal(("c", 100, 88), (entry.EndpointId, entry.WeightBefore, entry.WeightAfter));
    }

    [Fact]
    public void A_policy_that_does_not_ask_for_it_ends_it_at_once()
    {
        See(slow: 60);
        Step();

        Assert.True(_session.Step(_endpoints, TrafficPolicy.Default, Given.At(9)).Publish);
        Assert.False(_session.Active);
        Assert.Empty(_session.Factors);
        Assert.False(_session.Step(_endpoints, TrafficPolicy.Default, Given.At(10)).Publish);
    }

    [Fact]
    public void Nothing_is_gathered_while_the_policy_does_not_ask_for_it()
    {
        _session.Observe([Fleet.Load("a", 10).Seen!], TrafficPolicy.Default, Given.At(0));

        Assert.False(_session.Active);
    }

    [Fact]
    public void After_a_restart_it_goes_on_from_the_factors_in_force()
    {
        See(slow: 60);
        Step();
        See(slow: 60);
        Step();
        var later = new AdaptiveSession();

        later.Resume(_session.Factors);

        Assert.True(later.Active);
        Assert.Equal(_session.Factors, later.Factors);
        Assert.Equal(_session.State.FactorOf("c"), later.Weigh(_endpoints[2], Policy).AdaptivePercent);
    }

    [Fact]
    public void Who_was_away_begins_anew()
    {
        See(slow: 60);
        Step();
        _session.Step(_endpoints[..2], Policy, Given.At(++_now));
        Assert.DoesNotContain("c", _session.Factors.Keys);

        See(slow: 60);
        var entry = Assert.Single(Step().Entries, entry => entry.EndpointId == "c");
        Assert.Equal(100, entry.WeightBefore);
    }

    [Theory]
    [InlineData(-5)]
    [InlineData(0)]
    [InlineData(3600)]
    public void A_clock_that_jumps_is_taken_for_one_interval(double seconds)
    {
        See(slow: 60);
        Step();
        See(slow: 60);
        _session.Step(_endpoints, Policy, Given.At(_now + seconds));

        Assert.Equal(60, _session.State.Endpoints["c"].Load.InFlight, 3);
    }

    private void See(double slow, TrafficPolicy? policy = null) =>
        _session.Observe([Fleet.Load("a", 10).Seen!, Fleet.Load("b", 10).Seen!, Fleet.Load("c", slow).Seen!], policy ?? Policy, Given.At(_now));

    private (bool Publish, System.Collections.Immutable.ImmutableArray<LedgerEntry> Entries) Step() => _session.Step(_endpoints, Policy, Given.At(++_now));
}
