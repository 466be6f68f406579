using Mesh.Core.Policies;
using Mesh.Core.Weights;
using Xunit;
using static Mesh.Core.Tests.Weights.Fleet;

namespace Mesh.Core.Tests.Weights;

public class AdaptiveControllerTests
{
    [Fact]
    public void Endpoints_that_fare_alike_keep_their_weights()
    {
        var fleet = new Fleet().Steps(20, Load("a", 10), Load("b", 10), Load("c", 10));

        Assert.Equal(0, fleet.Published);
        Assert.All(fleet.State.Endpoints.Values, endpoint => Assert.Equal(100, endpoint.Factor, 3));
    }

    [Fact]
    public void An_endpoint_twice_as_slow_comes_to_a_quarter_of_the_share()
    {
        var fleet = new Fleet().Steps(200, Load("a", 10), Load("b", 10), Load("c", 20));

        Assert.InRange(fleet.Factor("c") / fleet.Factor("a"), 0.24, 0.28);
        Assert.Equal(fleet.Factor("a"), fleet.Factor("b"), 6);
        Assert.Equal(300, fleet.State.Endpoints.Values.Sum(endpoint => endpoint.Factor), 2);
    }

    [Fact]
    public void It_is_most_of_the_way_there_within_five_steps()
    {
        var fleet = new Fleet().Steps(5, Load("a", 10), Load("b", 10), Load("c", 30));

        Assert.InRange(fleet.State.FactorOf("c"), 15, 45);
    }

    [Fact]
    public void What_recovers_gets_its_weight_back()
    {
        var fleet = new Fleet().Steps(30, Load("a", 10), Load("b", 100)).Steps(40, Load("a", 10), Load("b", 10));

        Assert.InRange(fleet.State.FactorOf("b"), 90, 110);
    }

    [Fact]
    public void No_weight_falls_below_the_floor_or_rises_above_the_ceiling()
    {
        var fleet = new Fleet(new AdaptiveWeights { MinimumPercent = 20, MaximumPercent = 150, HysteresisPercent = 0 })
            .Steps(50, Load("a", 10), Load("b", 10), Load("c", 900));
        Assert.Equal(20, fleet.State.FactorOf("c"));

        fleet.Steps(50, Load("a", 10), Load("b", 900), Load("c", 900));
        Assert.Equal(150, fleet.State.FactorOf("a"));
    }

    [Fact]
    public void A_step_is_no_larger_than_the_policy_allows()
    {
        var fleet = new Fleet(new AdaptiveWeights { MaximumStepPercent = 10, HysteresisPercent = 0 });

        fleet.Step(Load("a", 10), Load("b", 10), Load("c", 5000));

        Assert.Equal(90, fleet.Factor("c"), 6);
        Assert.Equal(90, fleet.State.FactorOf("c"));
        Assert.Equal(105, fleet.Factor("a"), 3);
    }

    [Fact]
    public void What_is_in_force_changes_only_past_the_hysteresis()
    {
        var fleet = new Fleet(new AdaptiveWeights { MaximumStepPercent = 6, HysteresisPercent = 10 });

        Assert.False(fleet.Step(Load("a", 10), Load("b", 5000)).Publish);
        Assert.Equal((100, 94), (fleet.State.FactorOf("b"), Math.Round(fleet.Factor("b"))));

        // Two steps lead past it; what is published is still no further than one step.
        Assert.True(fleet.Step(Load("a", 10), Load("b", 5000)).Publish);
        Assert.Equal((94, 106), (fleet.State.FactorOf("b"), fleet.State.FactorOf("a")));
    }

    [Fact]
    public void Without_hysteresis_a_change_of_less_than_a_percent_is_no_change()
    {
        var fleet = new Fleet(new AdaptiveWeights { HysteresisPercent = 0 });

        Assert.False(fleet.Step(Load("a", 10, requests: 20), Load("b", 10.2, requests: 20)).Publish);
        Assert.NotEqual(100, fleet.Factor("b"));
    }

    [Fact]
    public void An_endpoint_that_fails_fast_attracts_nobody()
    {
        var fleet = new Fleet().Steps(20, Load("a", 10), Load("b", 10), Load("c", 1, failed: 900));

        Assert.InRange(fleet.State.FactorOf("c"), 5, 10);
    }

    [Fact]
    public void A_tenth_of_failures_costs_about_as_much_as_doubling_the_time()
    {
        var fleet = new Fleet().Steps(100, Load("a", 10), Load("b", 10), Load("c", 10, failed: 91), Load("d", 20));

        Assert.Equal(fleet.Factor("d"), fleet.Factor("c"), 10.0);
    }

    [Fact]
    public void Where_all_fail_alike_nothing_changes()
    {
        var fleet = new Fleet().Steps(20, Load("a", 10, failed: 1000), Load("b", 10, failed: 1000));

        Assert.Equal(0, fleet.Published);
    }

    [Fact]
    public void An_endpoint_that_never_answers_gets_less()
    {
        var fleet = new Fleet().Steps(5, Load("a", 10), Load("b", 10), Plain("c", requests: 0, inFlight: 40));

        Assert.InRange(fleet.State.FactorOf("c"), 5, 45);
    }

    [Fact]
    public void Requests_that_do_not_end_count_though_those_that_end_are_fast()
    {
        var fleet = new Fleet().Steps(10, Load("a", 10), Load("b", 10), Load("c", 10, requests: 100, inFlight: 50));

        Assert.InRange(fleet.State.FactorOf("c"), 5, 40);
    }

    [Fact]
    public void Where_nobody_reports_latency_littles_law_stands_in()
    {
        var fleet = new Fleet().Steps(100, Plain("a", 1000, 10), Plain("b", 1000, 10), Plain("c", 1000, 20));

        Assert.InRange(fleet.Factor("c") / fleet.Factor("a"), 0.24, 0.32);
    }

    [Fact]
    public void An_endpoint_whose_queue_is_being_worked_off_is_not_cut_further()
    {
        var fleet = new Fleet().Steps(3, Load("a", 10), Load("b", 500, requests: 100, inFlight: 60));
        var before = fleet.Factor("b");

        fleet.Step(Load("a", 10), Load("b", 450, requests: 100, inFlight: 45));
        Assert.Equal(before, fleet.Factor("b"), 9);

        fleet.Step(Load("a", 10), Load("b", 450, requests: 100, inFlight: 44));
        Assert.True(fleet.Factor("b") < before);
    }

    [Fact]
    public void A_few_requests_under_way_are_no_queue()
    {
        var fleet = new Fleet().Steps(3, Load("a", 10), Load("b", 40, requests: 100, inFlight: 4));
        var before = fleet.Factor("b");

        fleet.Step(Load("a", 10), Load("b", 40, requests: 100, inFlight: 1));

        Assert.True(fleet.Factor("b") < before);
    }

    [Fact]
    public void Whose_direction_turns_moves_half_as_boldly()
    {
        var fleet = new Fleet().Steps(3, Load("a", 10), Load("b", 40));
        Assert.Equal(1, fleet.State.Endpoints["b"].Boldness);

        fleet.Steps(2, Load("a", 40), Load("b", 10));

        Assert.True(fleet.State.Endpoints["b"].Boldness < 1);
        Assert.All(fleet.State.Endpoints.Values, endpoint => Assert.InRange(endpoint.Boldness, 0.1, 1));
    }

    [Fact]
    public void What_is_far_off_gains_boldness_faster_than_what_is_near()
    {
        var (far, near) = (Timid(), Timid());

        far.Step(Load("a", 10), Load("b", 60));
        near.Step(Load("a", 10), Load("b", 12));

        Assert.Equal(0.25, far.State.Endpoints["b"].Boldness, 9);
        Assert.Equal(0.21, near.State.Endpoints["b"].Boldness, 9);
    }

    [Fact]
    public void A_turn_that_noise_explains_costs_no_boldness()
    {
        var (noise, turn) = (Timid(lastMove: 0.1), Timid(lastMove: 0.1));

        noise.Step(Load("a", 10, requests: 60), Load("b", 12, requests: 60));
        turn.Step(Load("a", 10), Load("b", 20));

        Assert.Equal(0.21, noise.State.Endpoints["b"].Boldness, 9);
        Assert.Equal(0.1, turn.State.Endpoints["b"].Boldness, 9);
    }

    [Fact]
    public void A_failing_share_of_nearly_all_costs_more_than_one_of_nine_tenths()
    {
        var fleet = new Fleet().Steps(100, Load("a", 10, failed: 850), Load("b", 10, failed: 970));

        Assert.True(fleet.Factor("b") < 0.3 * fleet.Factor("a"), $"{fleet.Factor("b")} and {fleet.Factor("a")}");
    }

    /// <summary>Two endpoints, of which b moves with little boldness.</summary>
    private static Fleet Timid(double lastMove = -0.1) => new()
    {
        State = new AdaptiveState { Endpoints = AdaptiveState.None.Endpoints.Add("b", new AdaptiveEndpoint { Boldness = 0.2, LastMove = lastMove }) },
    };

    [Fact]
    public void A_single_endpoint_stays_at_100()
    {
        var fleet = new Fleet().Steps(10, Load("a", 10)).Steps(10, Load("a", 5000, failed: 500));

        Assert.Equal(0, fleet.Published);
        Assert.Equal(100, fleet.Factor("a"), 3);
    }

    [Fact]
    public void Without_traffic_factors_go_slowly_back_to_100()
    {
        var fleet = new Fleet().Steps(30, Load("a", 10), Load("b", 60));
        var before = fleet.Factor("b");
        Assert.InRange(before, 5, 20);

        fleet.Steps(60, Silent("a"), Silent("b"));
        Assert.InRange(fleet.Factor("b"), 5, 60);

        fleet.Steps(400, Silent("a"), Silent("b"));
        Assert.Equal(100, fleet.Factor("b"), 1.0);
        Assert.InRange(fleet.State.FactorOf("b"), 90, 110);
    }

    [Fact]
    public void A_service_that_never_had_traffic_is_left_alone()
    {
        var fleet = new Fleet().Steps(5, Silent("a"), Silent("b"));

        Assert.Equal(0, fleet.Published);
        Assert.Null(fleet.State.ReasonOf("a"));
    }

    [Fact]
    public void Few_requests_move_less_than_many()
    {
        var (few, many) = (new Fleet(), new Fleet());

        few.Step(Load("a", 10, requests: 3), Load("b", 20, requests: 3));
        many.Step(Load("a", 10), Load("b", 20));

        Assert.InRange(few.Factor("b"), 97, 99.99);
        Assert.InRange(many.Factor("b"), 70, 90);
    }

    [Fact]
    public void Who_leaves_the_rotation_is_forgotten_and_who_comes_begins_at_100()
    {
        var fleet = new Fleet().Steps(20, Load("a", 10), Load("b", 10), Load("c", 60));
        Assert.True(fleet.State.FactorOf("c") < 50);

        fleet.Step(Load("a", 10), Load("b", 10));
        Assert.Equal(["a", "b"], fleet.State.Endpoints.Keys);
        Assert.Equal(100, fleet.State.FactorOf("c"));
        Assert.Null(fleet.State.ReasonOf("c"));

        fleet.Step(Load("a", 10), Load("b", 10), Silent("c"));
        Assert.InRange(fleet.Factor("c"), 95, 105);
    }

    [Fact]
    public void The_mean_of_the_factors_is_weighted_as_the_endpoints_are()
    {
        var fleet = new Fleet().Steps(100, Load("a", 10, weight: 900), Load("b", 20, weight: 100));

        Assert.Equal(100, (9 * fleet.Factor("a") + fleet.Factor("b")) / 10, 2);
    }

    [Fact]
    public void Factors_from_before_a_restart_are_gone_on_from()
    {
        var fleet = new Fleet { State = AdaptiveState.Of([new("a", 160), new("b", 40), new("c", 0)]) };
        Assert.Equal((160, 40, 100), (fleet.State.FactorOf("a"), fleet.State.FactorOf("b"), fleet.State.FactorOf("c")));

        fleet.Step(Silent("a"), Silent("b"), Silent("c"));

        Assert.InRange(fleet.Factor("b"), 40, 45);
        Assert.Equal(0, fleet.Published);
    }

    [Fact]
    public void Absurd_figures_break_nothing()
    {
        var fleet = new Fleet();
        var absurd = new EndpointLoad("b", 0, Load("b", 10).Seen! with { Succeeded = -5, Failed = long.MaxValue, InFlightSeconds = double.NaN });
        var worse = new EndpointLoad("c", -3, Load("c", 10).Seen! with { Succeeded = long.MaxValue, InFlightSeconds = double.PositiveInfinity });

        fleet.Steps(50, Load("a", 10), absurd, worse);
        AdaptiveController.Step(fleet.State, [absurd], TimeSpan.Zero, new AdaptiveWeights { MinimumPercent = -4, MaximumPercent = 0, MaximumStepPercent = 900, HysteresisPercent = -1 });

        Assert.All(fleet.State.Endpoints.Values, endpoint => Assert.InRange(endpoint.Factor, 5, 300));
    }
}
