using FsCheck;
using FsCheck.Fluent;
using Mesh.Core.Policies;
using Mesh.Core.Weights;
using Xunit;

namespace Mesh.Core.Tests.Weights;

public class AdaptiveProperties
{
    private static readonly Gen<AdaptiveWeights> AnyPolicy =
        from least in Gen.Choose(1, 100)
        from most in Gen.Choose(100, 1000)
        from step in Gen.Choose(1, 100)
        from hysteresis in Gen.Choose(0, 100)
        select new AdaptiveWeights { MinimumPercent = least, MaximumPercent = most, MaximumStepPercent = step, HysteresisPercent = hysteresis };

    private static readonly Gen<(double Milliseconds, int Requests, int Failed, int InFlight)[]> AnySecond = (
        from milliseconds in Gen.Frequency((4, Gen.Choose(1, 100)), (1, Gen.Choose(1, 60_000)))
        from requests in Gen.Frequency((3, Gen.Choose(1, 1000)), (1, Gen.Constant(0)), (1, Gen.Choose(1, 5)))
        from failed in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(0, 1000)))
        from inFlight in Gen.Choose(0, 200)
        select ((double)milliseconds, requests, Math.Min(failed, requests), inFlight)).ListOf(5).Select(list => list.ToArray());

    private static readonly Gen<(double, int, int, int)[][]> AnyHistory = AnySecond.ListOf(12).Select(list => list.ToArray());

    [Fact]
    public void Bounds_hold_whatever_is_reported() => Properties.Hold(AnyPolicy.Zip(AnyHistory), given =>
    {
        var fleet = new Fleet(given.Item1);
        foreach (var second in given.Item2)
        {
            var before = fleet.State;
            fleet.Step(Loads(second));
            foreach (var (id, endpoint) in fleet.State.Endpoints)
            {
                var was = before.Endpoints.GetValueOrDefault(id) ?? new();
                var step = given.Item1.MaximumStepPercent / 100.0;
                Assert.InRange(endpoint.Factor, given.Item1.MinimumPercent, given.Item1.MaximumPercent);
                Assert.InRange(endpoint.InForce, given.Item1.MinimumPercent, given.Item1.MaximumPercent);
                Assert.InRange(endpoint.Factor / was.Factor, 1 - step - 1e-9, 1 + step + 1e-9);
                Assert.InRange(endpoint.InForce, Math.Floor(was.InForce * (1 - step)), Math.Ceiling(was.InForce * (1 + step)));
                Assert.InRange(endpoint.Boldness, 0.1, 1);
            }
        }
    });

    [Fact]
    public void The_mean_of_the_factors_stays_where_it_is() => Properties.Hold(AnyHistory, history =>
    {
        var fleet = new Fleet();
        foreach (var second in history.Where(second => second.All(one => one.Item2 > 0)))
        {
            fleet.Step(Loads(second));
            Assert.Equal(100, fleet.State.Endpoints.Values.Average(endpoint => endpoint.Factor), 2);
        }
    });

    [Fact]
    public void Endpoints_that_do_the_same_have_the_same_factor() => Properties.Hold(AnyHistory, history =>
    {
        var fleet = new Fleet();
        foreach (var second in history)
        {
            fleet.Step(Loads([.. second, second[0]]));
            Assert.Equal(fleet.Factor("e0"), fleet.Factor("e5"), 9);
        }
    });

    [Fact]
    public void Endpoints_that_begin_apart_and_do_the_same_come_together() => Properties.Hold(
        Gen.Choose(10, 100).Zip(Gen.Choose(100, 300)),
        given =>
        {
            var fleet = new Fleet { State = AdaptiveState.Of([new("a", given.Item1), new("b", given.Item2)]) };
            fleet.Steps(200, Fleet.Load("a", 10), Fleet.Load("b", 10));
            Assert.InRange(fleet.Factor("a") / fleet.Factor("b"), 0.93, 1.07);
        },
        cases: 50);

    [Fact]
    public void Only_ratios_of_times_and_weights_matter() => Properties.Hold(AnyHistory.Zip(Gen.Choose(2, 50)), given =>
    {
        var (one, other) = (new Fleet(), new Fleet());
        foreach (var second in given.Item1)
        {
            // Requests under way are evidence themselves, so they stay as they are: none.
            one.Step(Loads([.. second.Select(s => (s.Item1, s.Item2, s.Item3, 0))]));
            other.Step(Loads([.. second.Select(s => (s.Item1 * given.Item2, s.Item2, s.Item3, 0))], weight: 100 * given.Item2));
            Assert.All(one.State.Endpoints, endpoint => Assert.Equal(endpoint.Value.Factor, other.Factor(endpoint.Key), 0.001));
        }
    });

    private static EndpointLoad[] Loads((double Milliseconds, int Requests, int Failed, int InFlight)[] second, int weight = 100) =>
        [.. second.Select((one, i) => one is { Requests: 0, InFlight: 0 }
            ? Fleet.Silent($"e{i}", weight)
            : Fleet.Load($"e{i}", one.Milliseconds, one.Requests, one.Failed, one.InFlight, weight))];
}
