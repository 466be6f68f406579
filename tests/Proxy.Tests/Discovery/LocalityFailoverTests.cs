using Mesh.Core;
using Mesh.Core.Localities;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Proxy.Tests.Support;
using Mesh.Testing;
using Xunit;

namespace Mesh.Proxy.Tests.Discovery;

/// <summary>Two zones, a proxy in each, from the policy to where requests arrive.</summary>
public class LocalityFailoverTests
{
    private static readonly TrafficPolicy Nearest = new() { LoadBalancer = LoadBalancerAlgorithm.RoundRobin, LocalityLbSetting = new() };

    [Fact]
    public async Task Requests_stay_in_the_zone_leave_it_while_its_endpoints_are_ejected_and_come_back()
    {
        await using var plane = await ControlPlane.Start();
        await using var a = await Backend.Start("a");
        await using var b = await Backend.Start("b");
        plane.Set("greeter", Nearest, In("a", a), In("b", b));
        await using var here = await RunningProxy.Start(plane, o => o with { Services = ["greeter"], Region = "eu", Zone = "a" });
        await using var there = await RunningProxy.Start(plane, o => o with { Services = ["greeter"], Region = "eu", Zone = "b", Node = "other" });
        await Rotation(here, a.Port);
        await Rotation(there, b.Port);
        await Only("a", here);
        await Only("b", there);

        plane.Eject("greeter", a.Port);
        await Rotation(here, b.Port);
        await Only("b", here);
        await Only("b", there);

        plane.Eject("greeter", a.Port, ejected: false);
        await Rotation(here, a.Port);
        await Only("a", here);
    }

    [Fact]
    public async Task Without_a_control_plane_a_zone_that_fails_is_left_by_the_proxys_own_verdict()
    {
        await using var plane = await ControlPlane.Start();
        await using var a = await Backend.Start("a");
        await using var b = await Backend.Start("b");
        plane.Set("greeter", Nearest with { OutlierDetection = new() { Consecutive5xx = 3, MaxEjectionPercent = 50, BaseEjectionTime = TimeSpan.FromHours(1), MaxEjectionTime = TimeSpan.FromHours(1) } }, In("a", a), In("b", b));
        await using var proxy = await RunningProxy.Start(plane, o => o with { Services = ["greeter"], Region = "eu", Zone = "a" });
        await Rotation(proxy, a.Port);

        await plane.Down();
        await Eventually.True(async () => !(await proxy.Config()).GetProperty("connected").GetBoolean(), "the proxy notices");
        a.Handler = Backend.Status(500);
        await Eventually.True(async () => await proxy.Text("greeter") == "b", "the zone was left");
        await Rotation(proxy, b.Port);
    }

    [Fact]
    public async Task A_request_that_fails_in_its_own_zone_is_tried_in_the_other_before_anybody_is_ejected()
    {
        await using var plane = await ControlPlane.Start();
        await using var a = await Backend.Start("a");
        await using var b = await Backend.Start("b");
        plane.Set("greeter", Nearest, In("a", a), In("b", b));
        await using var proxy = await RunningProxy.Start(plane, o => o with { Services = ["greeter"], Region = "eu", Zone = "a" });
        await Rotation(proxy, a.Port);

        a.Handler = Backend.Status(503);
        await Only("b", proxy);
        await Rotation(proxy, a.Port);
        Assert.Equal(10, a.Hits);
    }

    [Fact]
    public async Task Labels_of_the_proxy_choose_the_endpoints_of_its_version()
    {
        await using var plane = await ControlPlane.Start();
        await using var a = await Backend.Start("a");
        await using var b = await Backend.Start("b");
        plane.Set(
            "greeter",
            Nearest with { LocalityLbSetting = new() { FailoverPriority = ["version", FailoverLabels.Zone] } },
            In("a", a) with { Labels = In("a", a).Labels.Add("version", "v1") },
            In("b", b) with { Labels = In("b", b).Labels.Add("version", "v2") });
        await using var proxy = await RunningProxy.Start(
            plane, o => o with { Services = ["greeter"], Region = "eu", Zone = "a", Labels = o.Labels.Add("version", "v2") });
        await Rotation(proxy, b.Port);
        await Only("b", proxy);
    }

    private static EndpointSnapshot In(string zone, Backend backend) => ControlPlane.Endpoint(backend) with { Locality = new Locality("eu", zone, "") };

    private static Task Rotation(RunningProxy proxy, int port) =>
        Eventually.True(async () => (await proxy.InRotation("greeter")).SequenceEqual([port]), $"{port} alone is used");

    private static async Task Only(string name, RunningProxy proxy)
    {
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(name, await proxy.Text("greeter"));
        }
    }
}
