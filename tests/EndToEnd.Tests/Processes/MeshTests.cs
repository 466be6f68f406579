using Mesh.Demo;
using Mesh.Demo.Processes;
using Mesh.Demo.Story;

// Each test runs half a dozen processes; side by side they would only disturb each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Mesh.EndToEnd.Tests.Processes;

/// <summary>The shipped programs, as processes, under a steady load. Nothing here is timed: how fast is the demo's and the benchmarks' business.</summary>
public class MeshTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_failing_backend_leaves_both_proxies_and_comes_back_without_a_failed_request()
    {
        var options = new DemoOptions { Rate = 100 };
        await using var house = new House(keep: false);
        await using var cast = new Cast(house, options);
        await cast.StartAll(Cancel);
        cast.StartLoad();

        var round = await Rounds.Play(
            cast.Backends[1], [.. cast.Proxies.Select(proxy => proxy.Id)], TimeSpan.Zero, wentOut: _ => { }, healed: () => { }, Cancel);
        await cast.StopLoad();

        Assert.NotNull(round.Out);
        Assert.NotNull(round.Back);
        Assert.True(round.Answers503 > 0);
        Assert.True(cast.Tally.Total > 0);
        Assert.Equal([], cast.Tally.Losses().Select(request => request.Why));
    }

    [Fact]
    public async Task Five_kills_under_writes_and_load_lose_nothing_that_was_acknowledged()
    {
        var options = new DemoOptions { Rate = 100, Kills = 5 };
        await using var house = new House(keep: false);
        await using var cast = new Cast(house, options);
        await cast.StartAll(Cancel);
        cast.StartLoad();
        var kills = new KillCycles(cast, options);
        for (var cycle = 0; cycle < options.Kills; cycle++)
        {
            var result = await kills.Play(cycle, (_, _) => { }, Cancel);

            Assert.True(result.Registrations > 0, "nothing was acknowledged before the kill, so nothing was tried");
            Assert.Equal((0, 0), (result.RegistrationsLost, result.PoliciesLost));
            Assert.Equal([], cast.Tally.Losses().Select(request => request.Why));
            Assert.Equal(0, result.RequestsLost);
            Assert.NotNull(result.Reconnected);
        }
    }

    [Fact]
    public async Task The_control_plane_starts_and_stays_small()
    {
        await using var house = new House(keep: false);
        await using var cast = new Cast(house, new DemoOptions());

        var ready = await cast.ControlPlane.Start(Cancel);
        var megabytes = cast.ControlPlane.ResidentBytes / 1e6;

        // Recorded, not judged: this machine may be busy. The demo judges both.
        TestContext.Current.TestOutputHelper?.WriteLine($"ready after {ready.TotalMilliseconds:0} ms, {megabytes:0} MB");
        Assert.InRange(megabytes, 1, 600);
    }
}
