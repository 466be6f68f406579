using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core.Latency;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Testing;
using Xunit;

namespace Mesh.Grains.Tests;

public class WeightTests
{
    private static readonly PolicyKey Rule = new("DestinationRule", "shop", "cart");
    private static readonly TrafficPolicy Following = new() { AdaptiveWeights = new(), Source = "DestinationRule/shop/cart@1" };

    [Fact]
    public async Task A_slow_endpoint_gets_less_and_the_snapshot_says_why()
    {
        await using var mesh = await Started();

        await Settled(mesh);

        var (fast, slow) = ((await mesh.Find("e0"))!, (await mesh.Find("e2"))!);
        Assert.InRange(slow.Weight, 5, 50);
        Assert.InRange(fast.Weight, 110, 150);
        Assert.Equal(slow.Weight, slow.AdaptivePercent);
        Assert.Matches("^60 ms against 1.* ms at its peers", slow.AdaptiveReason);
    }

    [Fact]
    public async Task Without_the_policy_reports_change_no_weight()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(3);

        await Traffic(mesh, seconds: 5);

        Assert.All((await mesh.Snapshot()).Endpoints, endpoint => Assert.Equal((100, null), (endpoint.Weight, endpoint.AdaptivePercent)));
    }

    [Fact]
    public async Task Endpoints_that_fare_alike_make_no_versions()
    {
        await using var mesh = await Started();
        var version = (await mesh.Snapshot()).Version;

        await Traffic(mesh, seconds: 5, slow: 0.01);

        Assert.Equal(version, (await mesh.Snapshot()).Version);
    }

    [Fact]
    public async Task Turning_the_policy_off_puts_weights_back_at_once_and_for_good()
    {
        await using var mesh = await Started();
        await Settled(mesh);

        await mesh.Service().BindPolicy(Rule, 2, TrafficPolicy.Default with { Source = "DestinationRule/shop/cart@2" });
        Assert.All((await mesh.Snapshot()).Endpoints, endpoint => Assert.Equal((100, null), (endpoint.Weight, endpoint.AdaptivePercent)));

        await mesh.Service().BindPolicy(Rule, 3, Following);
        Assert.All((await mesh.Snapshot()).Endpoints, endpoint => Assert.Equal(100, endpoint.Weight));

        await Settled(mesh);
        await mesh.Service().UnbindPolicy(Rule);
        Assert.All((await mesh.Snapshot()).Endpoints, endpoint => Assert.Equal(100, endpoint.Weight));
    }

    [Fact]
    public async Task Factors_are_written_down_now_and_then_and_survive_a_restart()
    {
        var first = await Started();
        await Settled(first);
        var (writes, steps) = (first.Storage.Writes("service"), (await first.Snapshot()).Version.Number);
        await Eventually.True(async () =>
        {
            await Second(first);
            return first.Storage.Writes("service") > writes;
        }, "the factors are written down");
        Assert.True(writes - 4 < steps, $"{writes} writes for {steps} versions");
        var before = (await first.Find("e2"))!.Weight;

        await using var mesh = await first.Restart();

        Assert.InRange((await mesh.Find("e2"))!.Weight, before * 0.7, before * 1.4);
    }

    [Fact]
    public async Task Weight_steps_are_in_the_ledger_with_the_figures_they_rest_on_and_end_when_weights_are_at_rest()
    {
        await using var mesh = await Started();
        await Settled(mesh);
        await Eventually.True(async () => (await Steps(mesh)).Count >= 3, "the steps are entered");

        var steps = await Steps(mesh);
        Assert.Equal((100, 70, "DestinationRule/shop/cart@1"), (steps[0].WeightBefore, steps[0].WeightAfter, steps[0].Policy));
        Assert.StartsWith("60 ms against 10 ms at its peers", steps[0].Reason, StringComparison.Ordinal);
        Assert.Equal(steps.Skip(1).Select(entry => entry.WeightBefore), steps.SkipLast(1).Select(entry => entry.WeightAfter));
        Assert.InRange(steps.Count, 3, 10);

        static async Task<List<LedgerEntry>> Steps(TestMesh mesh) =>
            [.. (await Ledger(mesh).Read(new LedgerQuery { OldestFirst = true })).Entries.Where(entry => entry is { EndpointId: "e2", Kind: LedgerKind.Weight })];
    }

    [Fact]
    public async Task A_write_that_fails_costs_no_step()
    {
        await using var mesh = await Started();
        mesh.Storage.FailNext("service", Fault.BeforeWriting);

        await Settled(mesh);
    }

    private static async Task<TestMesh> Started()
    {
        var mesh = await TestMesh.Start();
        await mesh.RegisterMany(3);
        Assert.Empty((await mesh.Service().BindPolicy(Rule, 1, Following)).Problems);
        return mesh;
    }

    private static async Task Traffic(TestMesh mesh, int seconds, double slow = 0.06)
    {
        for (var i = 0; i < seconds; i++)
        {
            await Second(mesh, slow);
        }
    }

    /// <summary>Second after second until the slow endpoint has come down to about where it belongs.</summary>
    private static Task Settled(TestMesh mesh) => Eventually.True(async () =>
    {
        await Second(mesh);
        return (await mesh.Find("e2"))!.Weight <= 30;
    }, "the slow endpoint has little weight");

    /// <summary>A report, and time enough for a step, which may come later than the next report.</summary>
    private static async Task Second(TestMesh mesh, double slow = 0.06)
    {
        await mesh.Seen(Seen("e0", 0.01), Seen("e1", 0.01), Seen("e2", slow));
        mesh.Time.Advance(TimeSpan.FromSeconds(1));
        await mesh.Service().GetSnapshot();
    }

    private static EndpointObservation Seen(string id, double seconds) => new()
    {
        EndpointId = id,
        Succeeded = 200,
        Latency = LatencySketch.Of(Enumerable.Repeat(seconds, 200)),
        InFlightSeconds = 200 * seconds,
    };

    private static ILedgerGrain Ledger(TestMesh mesh) => mesh.Grains.GetGrain<ILedgerGrain>(TestMesh.Cart.ToString());
}
