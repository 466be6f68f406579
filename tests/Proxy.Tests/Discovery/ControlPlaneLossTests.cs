using System.Net;
using Envoy.Config.Cluster.V3;
using Envoy.Config.Endpoint.V3;
using Mesh.Core.Policies;
using Mesh.Proxy.Tests.Support;
using Mesh.Testing;
using Mesh.Xds;
using Xunit;

namespace Mesh.Proxy.Tests.Discovery;

public class ControlPlaneLossTests
{
    private static readonly TimeSpan Lapse = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task An_ejection_takes_effect_for_the_next_request_and_so_does_its_end()
    {
        await using var plane = await ControlPlane.Start();
        await using var a = await Backend.Start("a");
        await using var b = await Backend.Start("b");
        plane.Set("greeter", ControlPlane.Endpoint(a), ControlPlane.Endpoint(b));
        await using var proxy = await RunningProxy.Start(plane, "greeter");
        await Eventually.True(async () => (await proxy.InRotation("greeter")).Count == 2, "both are in rotation");

        plane.Eject("greeter", b.Port);
        await Eventually.True(async () => (await proxy.InRotation("greeter")).SequenceEqual([a.Port]), "b has left");
        for (var i = 0; i < 6; i++)
        {
            Assert.Equal("a", await proxy.Text("greeter"));
        }

        plane.Eject("greeter", b.Port, ejected: false);
        await Eventually.True(async () => (await proxy.InRotation("greeter")).Count == 2, "b is back");
        Assert.Contains("b", new[] { await proxy.Text("greeter"), await proxy.Text("greeter") });
    }

    [Fact]
    public async Task A_proxy_that_nobody_has_asked_for_anything_is_connected_and_ready()
    {
        await using var plane = await ControlPlane.Start();
        await using var a = await Backend.Start("a");
        plane.Set("greeter", ControlPlane.Endpoint(a));
        await using var proxy = await RunningProxy.Start(plane);

        await Eventually.True(
            async () =>
            {
                using var ready = await proxy.Client.GetAsync(new Uri(proxy.Admin, "/ready"));
                return ready.IsSuccessStatusCode;
            },
            "the proxy is ready");
        Assert.True((await proxy.Config()).GetProperty("connected").GetBoolean());
        Assert.Equal("a", await proxy.Text("greeter"));
    }

    [Fact]
    public async Task While_the_control_plane_is_away_requests_go_on_and_after_it_news_count_again()
    {
        await using var plane = await ControlPlane.Start();
        await using var a = await Backend.Start("a");
        await using var b = await Backend.Start("b");
        plane.Set("greeter", ControlPlane.Endpoint(a));
        await using var proxy = await RunningProxy.Start(plane);
        Assert.Equal("a", await proxy.Text("greeter"));

        await plane.Down();
        await Eventually.True(async () => !(await proxy.Config()).GetProperty("connected").GetBoolean(), "the proxy notices");
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("a", await proxy.Text("greeter"));
        }

        plane.Set("greeter", ControlPlane.Endpoint(b));
        await plane.Up();
        await Eventually.True(async () => (await proxy.InRotation("greeter")).SequenceEqual([b.Port]), "the proxy has caught up");
        Assert.Equal("b", await proxy.Text("greeter"));
        Assert.Contains(plane.Requests, r => r.TypeUrl == ResourceTypes.EndpointsUrl && r.ResponseNonce.Length == 0 && r.VersionInfo.Length > 0);
    }

    [Fact]
    public async Task Ejections_lapse_when_the_control_plane_stays_away_and_count_again_when_it_returns()
    {
        await using var plane = await ControlPlane.Start();
        await using var a = await Backend.Start("a");
        await using var b = await Backend.Start("b");
        var time = new ManualTimeProvider();
        plane.Set("greeter", ControlPlane.Endpoint(a), ControlPlane.Endpoint(b));
        plane.Eject("greeter", b.Port);
        await using var proxy = await RunningProxy.Start(plane, o => o with { Services = ["greeter"], EjectionLapse = Lapse }, time);
        await Eventually.True(async () => (await proxy.InRotation("greeter")).SequenceEqual([a.Port]), "only a is in rotation");

        await plane.Down();
        await Eventually.True(async () => !(await proxy.Config()).GetProperty("connected").GetBoolean(), "the proxy notices");
        time.Advance(Lapse - TimeSpan.FromSeconds(5));
        Assert.Equal([a.Port], await proxy.InRotation("greeter"));
        await Pass(time, proxy, seen => seen.Count == 2, "the ejection has lapsed");

        await plane.Up();
        await Pass(time, proxy, seen => seen.SequenceEqual([a.Port]), "the ejection counts again");
    }

    [Fact]
    public async Task Who_was_ejected_comes_back_by_a_trickle_and_by_proof_while_nobody_is_there_to_say_so()
    {
        await using var plane = await ControlPlane.Start();
        await using var a = await Backend.Start("a");
        await using var b = await Backend.Start(Backend.Status(500));
        var time = new ManualTimeProvider();
        var policy = new TrafficPolicy
        {
            LoadBalancer = LoadBalancerAlgorithm.RoundRobin,
            OutlierDetection = new Mesh.Core.Policies.OutlierDetection { Consecutive5xx = 3, MaxEjectionPercent = 10 },
        };
        plane.Set("greeter", policy, ControlPlane.Endpoint(a), ControlPlane.Endpoint(b));
        plane.Eject("greeter", b.Port);
        await using var proxy = await RunningProxy.Start(plane, o => o with { Services = ["greeter"], EjectionLapse = Lapse }, time);
        await Eventually.True(async () => (await proxy.InRotation("greeter")).SequenceEqual([a.Port]), "only a is in rotation");

        await plane.Down();
        await Eventually.True(async () => !(await proxy.Config()).GetProperty("connected").GetBoolean(), "the proxy notices");
        await Pass(time, proxy, seen => seen.Count == 2, "b is tried");

        // Still broken: a tenth of a's share is enough to see it.
        await Call(proxy, 33);
        Assert.Equal(3, b.Hits);
        await Eventually.True(async () => (await proxy.InRotation("greeter")).SequenceEqual([a.Port]), "b is out again");

        b.Handler = Backend.Say("b");
        await Pass(time, proxy, seen => seen.Count == 2, "b is tried once more");
        Assert.True(await Weight(proxy, b, 10));
        await Call(proxy, 11);
        Assert.Equal(4, b.Hits);
        await Eventually.True(
            async () =>
            {
                await Call(proxy, 11);
                time.Advance(TimeSpan.FromSeconds(1));
                return await Weight(proxy, b, 100);
            },
            "it has proven itself");

        await plane.Up();
        await Pass(time, proxy, seen => seen.SequenceEqual([a.Port]), "the control plane's word counts again");
    }

    [Fact]
    public async Task While_alone_the_proxy_takes_out_an_endpoint_that_keeps_failing()
    {
        await using var plane = await ControlPlane.Start();
        await using var a = await Backend.Start("a");
        await using var b = await Backend.Start(Backend.Status(500));
        var policy = new TrafficPolicy
        {
            LoadBalancer = LoadBalancerAlgorithm.RoundRobin,
            OutlierDetection = new Mesh.Core.Policies.OutlierDetection { Consecutive5xx = 3, MaxEjectionPercent = 50 },
        };
        plane.Set("greeter", policy, ControlPlane.Endpoint(a), ControlPlane.Endpoint(b));
        await using var proxy = await RunningProxy.Start(plane, "greeter");
        await Eventually.True(async () => (await proxy.InRotation("greeter")).Count == 2, "both are in rotation");
        for (var i = 0; i < 20; i++)
        {
            await proxy.Text("greeter");
        }

        Assert.Equal(2, (await proxy.InRotation("greeter")).Count);
        await plane.Down();
        await Eventually.True(
            async () =>
            {
                await proxy.Text("greeter");
                return (await proxy.InRotation("greeter")).SequenceEqual([a.Port]);
            },
            "b is out");

        await plane.Up();
        await Eventually.True(async () => (await proxy.InRotation("greeter")).Count == 2, "the mesh decides again");
    }

    [Fact]
    public async Task A_resource_that_cannot_be_used_is_refused_with_the_reason_and_the_last_good_one_stays()
    {
        await using var plane = await ControlPlane.Start();
        await using var a = await Backend.Start("a");
        plane.Set("greeter", ControlPlane.Endpoint(a));
        await using var proxy = await RunningProxy.Start(plane, "greeter");
        await Eventually.True(async () => (await proxy.InRotation("greeter")).Count == 1, "the configuration is there");
        await Eventually.True(() => plane.Requests.Any(r => r.TypeUrl == ResourceTypes.EndpointsUrl && r.ResponseNonce.Length > 0), "it is acknowledged");
        var accepted = plane.Requests.Last(r => r.TypeUrl == ResourceTypes.EndpointsUrl).VersionInfo;

        plane.Inject(ResourceTypes.EndpointsUrl, new ClusterLoadAssignment
        {
            ClusterName = "default/greeter",
            Endpoints = { new LocalityLbEndpoints { LbEndpoints = { new LbEndpoint { Endpoint = new() { Address = new() { SocketAddress = new() { Address = "not-an-ip", PortValue = 1 } } } } } } },
        });
        await Eventually.True(() => plane.Requests.Any(r => r.ErrorDetail is not null), "the proxy refuses it");

        var refusal = plane.Requests.First(r => r.ErrorDetail is not null);
        Assert.Equal(ResourceTypes.EndpointsUrl, refusal.TypeUrl);
        Assert.StartsWith("injected-", refusal.ResponseNonce, StringComparison.Ordinal);
        Assert.Equal(accepted, refusal.VersionInfo);
        Assert.Equal("default/greeter: endpoints[0].lb_endpoints[0].endpoint.address.socket_address.address: 'not-an-ip' is not an IP address", refusal.ErrorDetail.Message);
        Assert.Equal("a", await proxy.Text("greeter"));
    }

    [Fact]
    public async Task A_cluster_of_a_kind_that_is_not_supported_is_refused_too()
    {
        await using var plane = await ControlPlane.Start();
        await using var a = await Backend.Start("a");
        plane.Set("greeter", ControlPlane.Endpoint(a));
        await using var proxy = await RunningProxy.Start(plane, "greeter");
        await Eventually.True(async () => (await proxy.InRotation("greeter")).Count == 1, "the configuration is there");

        plane.Inject(ResourceTypes.ClusterUrl, new Cluster { Name = "default/greeter", Type = Cluster.Types.DiscoveryType.StrictDns });
        await Eventually.True(() => plane.Requests.Any(r => r.ErrorDetail is not null), "the proxy refuses it");

        Assert.Equal("default/greeter: type: only EDS is supported", plane.Requests.First(r => r.ErrorDetail is not null).ErrorDetail.Message);
        Assert.Equal("a", await proxy.Text("greeter"));
    }

    [Fact]
    public async Task A_removed_service_is_unknown_again()
    {
        await using var plane = await ControlPlane.Start();
        await using var a = await Backend.Start("a");
        plane.Set("greeter", ControlPlane.Endpoint(a));
        await using var proxy = await RunningProxy.Start(plane);
        Assert.Equal("a", await proxy.Text("greeter"));

        plane.Remove("greeter");

        await Eventually.True(
            async () =>
            {
                using var response = await proxy.Get("greeter");
                return response.StatusCode == HttpStatusCode.NotFound;
            },
            "the service is gone");
    }

    [Fact]
    public async Task A_host_asked_for_before_the_control_plane_is_there_waits_for_it()
    {
        await using var plane = await ControlPlane.Start();
        await using var a = await Backend.Start("a");
        plane.Set("greeter", ControlPlane.Endpoint(a));
        await plane.Down();
        await using var proxy = await RunningProxy.Start(plane);

        var request = proxy.Text("greeter");
        await plane.Up();

        Assert.Equal("a", await Eventually.Done(request));
    }

    [Fact]
    public async Task Readiness_waits_for_the_named_services()
    {
        await using var plane = await ControlPlane.Start();
        await using var a = await Backend.Start("a");
        await using var proxy = await RunningProxy.Start(plane, "greeter");

        using var early = await proxy.Client.GetAsync(new Uri(proxy.Admin, "/ready"));
        plane.Set("greeter", ControlPlane.Endpoint(a));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, early.StatusCode);
        Assert.Contains("greeter", await early.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await Eventually.True(
            async () =>
            {
                using var ready = await proxy.Client.GetAsync(new Uri(proxy.Admin, "/ready"));
                return ready.StatusCode == HttpStatusCode.OK;
            },
            "the proxy is ready");
    }

    private static async Task Call(RunningProxy proxy, int times)
    {
        for (var i = 0; i < times; i++)
        {
            await proxy.Text("greeter");
        }
    }

    /// <summary>Lets time pass second by second, so that not much more passes than is needed.</summary>
    private static async Task Pass(ManualTimeProvider time, RunningProxy proxy, Func<IReadOnlyList<int>, bool> until, string what) =>
        await Eventually.True(
            async () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return until(await proxy.InRotation("greeter"));
            },
            what);

    private static async Task<bool> Weight(RunningProxy proxy, Backend backend, int weight) =>
        (await proxy.Config()).GetProperty("clusters")[0].GetProperty("endpoints").EnumerateArray()
            .Single(e => e.GetProperty("endpoint").GetString()!.EndsWith($":{backend.Port}", StringComparison.Ordinal)).GetProperty("weight").GetInt32() == weight;
}
