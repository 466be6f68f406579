using System.Net;
using System.Net.Sockets;
using Envoy.Config.Route.V3;
using Mesh.Core.Policies;
using Mesh.Proxy.Tests.Support;
using Mesh.Testing;
using Mesh.Xds;
using Mesh.Xds.Translation;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Mesh.Proxy.Tests.Forwarding;

public class RetryTests
{
    [Fact]
    public async Task A_503_is_retried_on_another_endpoint_and_the_caller_sees_only_the_good_answer()
    {
        await using var plane = await ControlPlane.Start();
        await using var bad = await Backend.Start(Backend.Status(503));
        await using var good = await Backend.Start("good");
        plane.Set("greeter", ControlPlane.Endpoint(bad), ControlPlane.Endpoint(good));
        await using var proxy = await RunningProxy.Start(plane);

        for (var i = 0; i < 10; i++)
        {
            using var response = await proxy.Get("greeter");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal("good", await response.Content.ReadAsStringAsync());
        }

        Assert.Equal(5, bad.Hits);
        Assert.Equal(10, good.Hits);
    }

    [Fact]
    public async Task A_refused_connection_is_retried_on_another_endpoint()
    {
        await using var plane = await ControlPlane.Start();
        var gone = await Backend.Start("gone");
        await gone.DisposeAsync();
        await using var good = await Backend.Start("good");
        plane.Set("greeter", ControlPlane.Endpoint(gone.Port), ControlPlane.Endpoint(good));
        await using var proxy = await RunningProxy.Start(plane);

        for (var i = 0; i < 4; i++)
        {
            Assert.Equal("good", await proxy.Text("greeter"));
        }
    }

    [Fact]
    public async Task A_retried_request_brings_its_whole_body_again()
    {
        await using var plane = await ControlPlane.Start();
        await using var bad = await Backend.Start(async context =>
        {
            await new StreamReader(context.Request.Body).ReadToEndAsync();
            context.Response.StatusCode = 503;
        });
        await using var good = await Backend.Start(async context => await context.Request.Body.CopyToAsync(context.Response.Body));
        plane.Set("greeter", ControlPlane.Endpoint(bad), ControlPlane.Endpoint(good));
        await using var proxy = await RunningProxy.Start(plane);
        var body = new string('x', 60_000);

        for (var i = 0; i < 2; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, (Uri?)null) { Content = new StringContent(body) };
            using var response = await proxy.Send(request, "greeter");
            Assert.Equal(body, await response.Content.ReadAsStringAsync());
        }

        Assert.Equal(1, bad.Hits);
    }

    [Fact]
    public async Task A_body_too_long_to_keep_is_forwarded_but_not_retried()
    {
        await using var plane = await ControlPlane.Start();
        await using var bad = await Backend.Start(async context =>
        {
            await new StreamReader(context.Request.Body).ReadToEndAsync();
            context.Response.StatusCode = 503;
        });
        plane.Set("greeter", ControlPlane.Endpoint(bad));
        await using var proxy = await RunningProxy.Start(plane);

        using var request = new HttpRequestMessage(HttpMethod.Post, (Uri?)null) { Content = new StringContent(new string('x', 70_000)) };
        using var response = await proxy.Send(request, "greeter");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(1, bad.Hits);
    }

    [Fact]
    public async Task When_no_try_succeeds_the_last_answer_is_passed_on()
    {
        await using var plane = await ControlPlane.Start();
        await using var bad = await Backend.Start(Backend.Status(503));
        plane.Set("greeter", ControlPlane.Endpoint(bad));
        await using var proxy = await RunningProxy.Start(plane);

        using var response = await proxy.Get("greeter");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("status 503", await response.Content.ReadAsStringAsync());
        Assert.Equal(1 + (int)RouteTranslation.Retries, bad.Hits);
    }

    [Fact]
    public async Task An_answer_500_is_not_retried()
    {
        await using var plane = await ControlPlane.Start();
        await using var bad = await Backend.Start(Backend.Status(500));
        plane.Set("greeter", ControlPlane.Endpoint(bad));
        await using var proxy = await RunningProxy.Start(plane);

        using var response = await proxy.Get("greeter");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal(1, bad.Hits);
    }

    [Fact]
    public async Task A_try_that_takes_too_long_is_given_up_for_another_endpoint()
    {
        await using var plane = await ControlPlane.Start();
        await using var slow = await Backend.Start(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        await using var good = await Backend.Start("good");
        plane.Set("greeter", ControlPlane.Endpoint(slow), ControlPlane.Endpoint(good));
        // Its time passes when the test says so: on a slow machine the good one may take long, too.
        var time = new ManualTimeProvider();
        await using var proxy = await RunningProxy.Start(plane, o => o with { Services = ["greeter"] }, time);
        await Eventually.True(async () => (await proxy.InRotation("greeter")).Count == 2, "the configuration is there");
        plane.Inject(ResourceTypes.RouteUrl, Route("greeter", new RouteAction
        {
            Cluster = "default/greeter",
            RetryPolicy = new() { RetryOn = "reset", NumRetries = 1, PerTryTimeout = new() { Nanos = 100_000_000 } },
        }));
        await Eventually.True(async () => (await proxy.Config()).GetProperty("types")[1].GetProperty("version").GetString() == "injected", "the route is in force");

        var timeouts = 0;
        for (var i = 0; i < 2; i++)
        {
            var answer = proxy.Text("greeter");
            await Eventually.True(() => answer.IsCompleted || slow.Hits > timeouts, "one of them was tried");
            if (slow.Hits > timeouts)
            {
                timeouts++;
                time.Advance(TimeSpan.FromMilliseconds(100));
            }

            Assert.Equal("good", await Eventually.Done(answer));
        }

        Assert.Equal(1, timeouts);
    }

    [Fact]
    public async Task The_routes_time_limit_ends_a_request_with_504()
    {
        await using var plane = await ControlPlane.Start();
        await using var slow = await Backend.Start(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        plane.Set("greeter", ControlPlane.Endpoint(slow));
        await using var proxy = await RunningProxy.Start(plane, "greeter");
        await Eventually.True(async () => (await proxy.InRotation("greeter")).Count == 1, "the configuration is there");
        plane.Inject(ResourceTypes.RouteUrl, Route("greeter", new RouteAction { Cluster = "default/greeter", Timeout = new() { Nanos = 100_000_000 } }));
        await Eventually.True(async () => (await proxy.Config()).GetProperty("types")[1].GetProperty("version").GetString() == "injected", "the route is in force");

        using var response = await proxy.Get("greeter");

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        Assert.Equal("UT", response.Headers.GetValues("x-mesh-response-flags").Single());
    }

    [Fact]
    public async Task More_requests_than_the_pool_allows_are_refused_and_counted()
    {
        await using var plane = await ControlPlane.Start();
        var release = new TaskCompletionSource();
        await using var backend = await Backend.Start(async context =>
        {
            await release.Task;
            await context.Response.WriteAsync("done");
        });
        var pool = new ConnectionPool { Http2MaxRequests = 2 };
        plane.Set("greeter", new TrafficPolicy { ConnectionPool = pool }, ControlPlane.Endpoint(backend));
        await using var proxy = await RunningProxy.Start(plane);
        var first = proxy.Text("greeter");
        var second = proxy.Text("greeter");
        await Eventually.True(() => backend.Hits == 2, "two requests are under way");

        using var third = await proxy.Get("greeter");
        release.SetResult();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, third.StatusCode);
        Assert.Equal("UO", third.Headers.GetValues("x-mesh-response-flags").Single());
        Assert.Equal(["done", "done"], await Eventually.Done(Task.WhenAll(first, second)));
        Assert.Contains("mesh_proxy_requests_refused_total{cluster=\"default/greeter\"} 1\n", await Stats(proxy), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_beyond_the_connections_wait_and_beyond_the_waiting_room_are_refused()
    {
        await using var plane = await ControlPlane.Start();
        var release = new TaskCompletionSource();
        await using var backend = await Backend.Start(async context =>
        {
            await release.Task;
            await context.Response.WriteAsync("done");
        });
        var pool = new ConnectionPool { MaxConnections = 1, Http1MaxPendingRequests = 1 };
        plane.Set("greeter", new TrafficPolicy { ConnectionPool = pool }, ControlPlane.Endpoint(backend));
        await using var proxy = await RunningProxy.Start(plane);
        var first = proxy.Text("greeter");
        await Eventually.True(() => backend.Hits == 1, "one request is under way");
        var second = proxy.Text("greeter");
        await Eventually.True(
            async () => (await Stats(proxy)).Contains("mesh_proxy_requests_waiting{cluster=\"default/greeter\"} 1\n", StringComparison.Ordinal), "one request waits");

        using var third = await proxy.Get("greeter");
        Assert.Equal(1, backend.Hits);
        release.SetResult();

        Assert.Equal("UO", third.Headers.GetValues("x-mesh-response-flags").Single());
        Assert.Equal(["done", "done"], await Eventually.Done(Task.WhenAll(first, second)));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 6)]
    [InlineData(2, 3)]
    public async Task A_connection_serves_as_many_requests_as_the_pool_allows(int limit, int connections)
    {
        await using var plane = await ControlPlane.Start();
        await using var backend = await Backend.Start(context => context.Response.WriteAsync(context.Connection.Id));
        plane.Set("greeter", new TrafficPolicy { ConnectionPool = new() { MaxRequestsPerConnection = limit } }, ControlPlane.Endpoint(backend));
        await using var proxy = await RunningProxy.Start(plane);
        var seen = new HashSet<string>();
        for (var i = 0; i < 6; i++)
        {
            seen.Add(await proxy.Text("greeter"));
        }

        Assert.Equal(connections, seen.Count);
    }

    [Fact]
    public async Task An_endpoint_that_breaks_the_connection_before_answering_is_a_clear_503()
    {
        await using var plane = await ControlPlane.Start();
        await using var broken = await Backend.Start(context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        plane.Set("greeter", ControlPlane.Endpoint(broken));
        await using var proxy = await RunningProxy.Start(plane);

        using var response = await proxy.Get("greeter");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("UC", response.Headers.GetValues("x-mesh-response-flags").Single());
    }

    [Fact]
    public async Task Requests_under_way_end_well_while_the_proxy_shuts_down()
    {
        await using var plane = await ControlPlane.Start();
        var release = new TaskCompletionSource();
        await using var backend = await Backend.Start(async context =>
        {
            await release.Task;
            await context.Response.WriteAsync("done");
        });
        plane.Set("greeter", ControlPlane.Endpoint(backend));
        await using var proxy = await RunningProxy.Start(plane);
        var request = proxy.Text("greeter");
        await Eventually.True(() => backend.Hits == 1, "the request is under way");

        var stopping = proxy.Stop();
        await Eventually.True(() => Refused(proxy.Address.Port), "no new connection is taken");
        release.SetResult();

        Assert.Equal("done", await Eventually.Done(request));
        await Eventually.Done(stopping);
    }

    private static async Task<bool> Refused(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port);
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private static Task<string> Stats(RunningProxy proxy) => proxy.Client.GetStringAsync(new Uri(proxy.Admin, "/stats"));

    private static RouteConfiguration Route(string host, RouteAction action) => new()
    {
        Name = host,
        VirtualHosts = { new VirtualHost { Name = host, Domains = { host }, Routes = { new Route { Match = new() { Prefix = "/" }, Route_ = action } } } },
    };
}
