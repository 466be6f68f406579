using Mesh.Core.Policies;
using Mesh.Proxy.Discovery;
using Mesh.Proxy.Tests.Support;
using Mesh.Testing;
using Xunit;

namespace Mesh.Proxy.Tests.Discovery;

public class DetectionTests
{
    private static readonly TrafficPolicy Policy = new()
    {
        LoadBalancer = LoadBalancerAlgorithm.RoundRobin,
        OutlierDetection = new Mesh.Core.Policies.OutlierDetection
        {
            Consecutive5xx = 3,
            MaxEjectionPercent = 50,
            BaseEjectionTime = TimeSpan.FromSeconds(30),
        },
    };

    [Theory]
    [InlineData(Detection.Local)]
    [InlineData(Detection.Both)]
    public async Task A_proxy_that_judges_by_itself_takes_out_who_fails_here_while_it_is_connected_and_lets_it_return(Detection detection)
    {
        await using var plane = await ControlPlane.Start();
        await using var a = await Backend.Start("a");
        await using var b = await Backend.Start(Backend.Status(500));
        var time = new ManualTimeProvider();
        plane.Set("greeter", Policy, ControlPlane.Endpoint(a), ControlPlane.Endpoint(b));
        await using var proxy = await RunningProxy.Start(plane, o => o with { Services = ["greeter"], Detection = detection }, time);
        await Eventually.True(async () => (await proxy.InRotation("greeter")).Count == 2, "both are in rotation");

        for (var i = 0; i < 6; i++)
        {
            await proxy.Text("greeter");
        }

        await Eventually.True(async () => (await proxy.InRotation("greeter")).SequenceEqual([a.Port]), "b is out");
        Assert.True((await proxy.Config()).GetProperty("connected").GetBoolean());
        Assert.Equal(3, b.Hits);

        await Eventually.True(
            async () =>
            {
                time.Advance(TimeSpan.FromSeconds(31));
                return (await proxy.InRotation("greeter")).Count == 2;
            },
            "its time is over");
    }

    [Fact]
    public async Task Who_was_taken_out_here_stays_out_when_the_control_plane_comes_back_and_knows_nothing_of_it()
    {
        await using var plane = await ControlPlane.Start();
        await using var a = await Backend.Start("a");
        await using var b = await Backend.Start(Backend.Status(500));
        var policy = Policy with { OutlierDetection = Policy.OutlierDetection with { BaseEjectionTime = TimeSpan.FromHours(1), MaxEjectionTime = TimeSpan.FromHours(1) } };
        plane.Set("greeter", policy, ControlPlane.Endpoint(a), ControlPlane.Endpoint(b));
        await using var proxy = await RunningProxy.Start(plane, o => o with { Services = ["greeter"], Detection = Detection.Both });
        await Eventually.True(async () => (await proxy.InRotation("greeter")).Count == 2, "both are in rotation");
        for (var i = 0; i < 6; i++)
        {
            await proxy.Text("greeter");
        }

        await plane.Down();
        await Eventually.True(async () => !(await proxy.Config()).GetProperty("connected").GetBoolean(), "the proxy notices");
        await plane.Up();
        await Eventually.True(async () => (await proxy.Config()).GetProperty("connected").GetBoolean(), "the control plane is back");

        Assert.Equal([a.Port], await proxy.InRotation("greeter"));
    }

    [Theory]
    [InlineData(Detection.Local, 2)]
    [InlineData(Detection.Both, 1)]
    [InlineData(Detection.Mesh, 1)]
    public async Task Only_a_proxy_that_judges_alone_uses_whom_the_mesh_ejected(Detection detection, int inRotation)
    {
        await using var plane = await ControlPlane.Start();
        await using var a = await Backend.Start("a");
        await using var b = await Backend.Start("b");
        plane.Set("greeter", Policy, ControlPlane.Endpoint(a), ControlPlane.Endpoint(b));
        plane.Eject("greeter", b.Port);
        await using var proxy = await RunningProxy.Start(plane, o => o with { Services = ["greeter"], Detection = detection });

        await Eventually.True(async () => (await proxy.InRotation("greeter")).Count == inRotation, "the endpoints are in place");
    }
}
