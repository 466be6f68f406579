using Mesh.Core.Policies;
using Mesh.Proxy.Gateways;
using Mesh.Proxy.Options;
using Mesh.Proxy.Tests.Support;
using Mesh.Testing;
using Xunit;

namespace Mesh.Proxy.Tests.Gateways;

/// <summary>A proxy with two gateways that say the same, on real connections.</summary>
public sealed class MovingTests : IAsyncLifetime
{
    private ControlPlane _first = null!;
    private ControlPlane _second = null!;
    private Backend _a = null!;
    private Backend _b = null!;

    public async ValueTask InitializeAsync()
    {
        (_first, _second) = (await ControlPlane.Start(), await ControlPlane.Start());
        (_a, _b) = (await Backend.Start("a"), await Backend.Start("b"));
        foreach (var plane in new[] { _first, _second })
        {
            plane.Set("greeter", ControlPlane.Endpoint(_a), ControlPlane.Endpoint(_b));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }

    [Fact]
    public async Task When_its_gateway_goes_it_moves_with_its_reports_and_no_request_fails()
    {
        await using var proxy = await RunningProxy.Start(_first, o => Both(o) with { ReconnectMax = TimeSpan.FromMinutes(10) });
        var (here, there) = await Sides(proxy);
        using var stop = new CancellationTokenSource();
        var requests = Task.Run(async () =>
        {
            var answered = 0;
            while (!stop.IsCancellationRequested)
            {
                Assert.Contains(await proxy.Text("greeter"), (string[])["a", "b"]);
                answered++;
            }

            return answered;
        });

        await here.Down();
        await At(proxy, there);
        there.Set("greeter", ControlPlane.Endpoint(_b));
        await Eventually.True(async () => (await proxy.InRotation("greeter")).SequenceEqual([_b.Port]), "news come from the other one");
        var heard = there.Reports.Count;
        await Eventually.True(() => there.Reports.Count > heard + 1, "reports go to the other one");
        await stop.CancelAsync();
        Assert.True(await requests > 0);
        await here.Up();
    }

    [Fact]
    public async Task It_goes_back_to_its_own_gateway_when_that_serves_again()
    {
        await using var proxy = await RunningProxy.Start(_first, o => Both(o) with { ReturnAfter = TimeSpan.FromMilliseconds(200) });
        var (here, there) = await Sides(proxy);
        await here.Down();
        await At(proxy, there);
        await here.Up();
        await At(proxy, here);

        here.Set("greeter", ControlPlane.Endpoint(_a));
        await Eventually.True(async () => (await proxy.InRotation("greeter")).SequenceEqual([_a.Port]), "its own gateway is heard");
    }

    [Fact]
    public async Task A_gateway_that_is_frozen_is_noticed_and_left()
    {
        await using var first = new Relay(_first.Port);
        await using var second = new Relay(_second.Port);
        await using var proxy = await RunningProxy.Start(_first, o => Both(o, first.Port, second.Port));
        await Eventually.True(async () => (await proxy.InRotation("greeter")).Count == 2, "it is connected");
        var (here, there) = await Gateway(proxy) == $"127.0.0.1:{first.Port}" ? (first, second) : (second, first);

        here.Freeze();
        await Eventually.True(async () => await Gateway(proxy) == $"127.0.0.1:{there.Port}", "it is at the other one");
        Assert.Equal(2, (await proxy.InRotation("greeter")).Count);
    }

    [Fact]
    public async Task An_ejection_outlasts_a_move_and_none_is_made_for_it()
    {
        var policy = new TrafficPolicy
        {
            LoadBalancer = LoadBalancerAlgorithm.RoundRobin,
            OutlierDetection = new OutlierDetection { Consecutive5xx = 2, MaxEjectionPercent = 100 },
        };
        await using var c = await Backend.Start(Backend.Status(500));
        foreach (var plane in new[] { _first, _second })
        {
            plane.Set("greeter", policy, ControlPlane.Endpoint(_a), ControlPlane.Endpoint(_b), ControlPlane.Endpoint(c));
            plane.Eject("greeter", _b.Port);
        }

        // No time passes for the proxy: what it does, it does for the move and not after a while without a control plane.
        var time = new ManualTimeProvider();
        await using var proxy = await RunningProxy.Start(_first, Both, time);
        await Eventually.True(async () => (await proxy.InRotation("greeter")).Count == 2, "b is out");
        var (here, there) = await Sides(proxy);
        var hits = _b.Hits;

        await here.Down();
        for (var i = 0; i < 50; i++)
        {
            await proxy.Text("greeter");
            Assert.Equal(Sorted(_a, c), await proxy.InRotation("greeter"));
        }

        await At(proxy, there);
        Assert.Equal(Sorted(_a, c), await proxy.InRotation("greeter"));
        Assert.Equal(hits, _b.Hits);
        await here.Up();
    }

    private static IEnumerable<int> Sorted(params Backend[] backends) => backends.Select(backend => backend.Port).Order();

    private ProxyOptions Both(ProxyOptions options) => Both(options, _first.Port, _second.Port);

    private static ProxyOptions Both(ProxyOptions options, int first, int second) =>
        options with { Services = ["greeter"], ControlPlane = [new($"http://127.0.0.1:{first}"), new($"http://127.0.0.1:{second}")] };

    /// <summary>The gateway that serves the proxy first, which is the one that it likes best, and the other.</summary>
    private async Task<(ControlPlane Here, ControlPlane There)> Sides(RunningProxy proxy)
    {
        await Eventually.True(async () => await Gateway(proxy) is not null, "it is connected");
        var ranked = GatewayOrder.Rank("proxy-under-test", new[] { _first, _second }.Select(plane => new Gateway(new Uri($"http://127.0.0.1:{plane.Port}"))));
        Assert.Equal(ranked[0].Name, await Gateway(proxy));
        return ranked[0].Address.Port == _first.Port ? (_first, _second) : (_second, _first);
    }

    private static Task At(RunningProxy proxy, ControlPlane plane) =>
        Eventually.True(async () => await Gateway(proxy) == $"127.0.0.1:{plane.Port}", $"it is at {plane.Port}");

    private static async Task<string?> Gateway(RunningProxy proxy) => (await proxy.Config()).GetProperty("gateway").GetString();
}
