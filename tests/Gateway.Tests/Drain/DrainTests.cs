using Envoy.Config.Core.V3;
using Envoy.Config.Endpoint.V3;
using Envoy.Service.LoadStats.V3;
using Grpc.Core;
using Mesh.Gateway.Drain;
using Mesh.Gateway.Streams;
using Mesh.Gateway.Tests.Streams;
using Mesh.Registry.V1;
using Mesh.Testing;
using Mesh.Xds;
using static Mesh.Gateway.Tests.Streams.TableView;
using Registrar = Mesh.Registry.V1.Registry.RegistryClient;

namespace Mesh.Gateway.Tests.Drain;

/// <summary>What clients of a gateway that leaves see of it.</summary>
public sealed class DrainTests
{
    private const string Greeter = "default/greeter";

    [Fact]
    public async Task A_stream_ends_in_order_and_says_why()
    {
        await using var host = await StreamHost.Start();
        using var client = await Connected(host, "one");
        var stopping = host.Stop();

        var end = await client.End();
        Assert.Equal(StatusCode.Unavailable, end.StatusCode);
        Assert.StartsWith("draining", end.Status.Detail, StringComparison.Ordinal);
        await stopping.WaitAsync(Eventually.Limit);
        Assert.Equal((DrainPhase.Finishing, 0), (host.Gate.Phase, host.Gate.Streams));
    }

    [Fact]
    public async Task While_it_only_announces_streams_go_on_and_new_ones_are_refused()
    {
        var time = new ManualTimeProvider();
        await using var host = await StreamHost.Start(time: time, drain: new DrainOptions { Announce = TimeSpan.FromSeconds(5) });
        using var client = await Connected(host, "one");
        var stopping = host.Stop();
        await Eventually.True(() => host.Gate.Phase == DrainPhase.Announcing);

        using var late = new TestClient(host, "late");
        Assert.Equal(StatusCode.Unavailable, (await late.End()).StatusCode);
        host.View.Set(Greeter, Endpoint("a", "127.0.0.1", 1001), Endpoint("b", "127.0.0.1", 1002));
        Assert.Equal(2, (await client.Receive<ClusterLoadAssignment>()).Endpoints.Sum(e => e.LbEndpoints.Count));
        Assert.False(stopping.IsCompleted);

        await UntilStopped(stopping, time);
        Assert.Equal(StatusCode.Unavailable, (await client.End()).StatusCode);
    }

    [Fact]
    public async Task Streams_leave_wave_by_wave()
    {
        var time = new ManualTimeProvider();
        var drain = new DrainOptions { Time = TimeSpan.FromSeconds(2), Wave = TimeSpan.FromSeconds(1) };
        await using var host = await StreamHost.Start(time: time, drain: drain);
        var clients = new List<TestClient>();
        for (var i = 0; i < 6; i++)
        {
            clients.Add(await Connected(host, $"proxy-{i}"));
        }

        var ends = clients.ConvertAll(client => client.End());
        var stopping = host.Stop();
        await Eventually.True(() => host.Gate.Streams == 3);
        await Eventually.True(() => ends.Count(end => end.IsCompleted) == 3);
        Assert.Equal(3, host.Gate.Waiting);

        await UntilStopped(stopping, time);
        Assert.All(await Task.WhenAll(ends), end => Assert.Equal(StatusCode.Unavailable, end.StatusCode));
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task What_was_reported_reaches_the_service_before_the_gateway_goes()
    {
        // So long that only the drain can have passed it on.
        await using var host = await StreamHost.Start(new StreamOptions { ReportInterval = TimeSpan.FromHours(1) });
        host.View.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        using var call = new LoadReportingService.LoadReportingServiceClient(host.Channel).StreamLoadStats();
        await call.RequestStream.WriteAsync(new LoadStatsRequest { Node = new Node { Id = "one" } });
        using var limit = new CancellationTokenSource(Eventually.Limit);
        Assert.True(await call.ResponseStream.MoveNext(limit.Token));
        for (var i = 0; i < 20; i++)
        {
            await call.RequestStream.WriteAsync(Succeeded(port: 1001, requests: 1));
        }

        await Eventually.True(() => host.Heard("one"));
        var taken = host.Reports.Sum(report => report.Observations.Sum(seen => seen.Succeeded));
        Assert.Equal(0, taken);
        await host.Stop().WaitAsync(Eventually.Limit);

        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(limit.Token))).StatusCode);
        var report = Assert.Single(host.Reports);
        // What was still on its way may be lost; what had come is not.
        Assert.InRange(Assert.Single(report.Observations).Succeeded, 1, 20);
    }

    [Fact]
    public async Task A_watch_of_the_registry_is_told_to_watch_elsewhere()
    {
        await using var host = await StreamHost.Start();
        host.View.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        using var watch = new Registrar(host.Channel).Watch(new WatchRequest { Service = "greeter" });
        using var limit = new CancellationTokenSource(Eventually.Limit);
        Assert.True(await watch.ResponseStream.MoveNext(limit.Token));
        var stopping = host.Stop();

        var end = await Assert.ThrowsAsync<RpcException>(() => watch.ResponseStream.MoveNext(limit.Token));
        Assert.Equal(StatusCode.Unavailable, end.StatusCode);
        await stopping.WaitAsync(Eventually.Limit);
    }

    [Fact]
    public async Task Streams_that_say_nothing_or_wait_for_the_view_hold_up_nobody()
    {
        await using var host = await StreamHost.Start();
        host.View.Ready = false;
        using var silent = new TestClient(host, "silent");
        using var waiting = new TestClient(host, "waiting");
        using var reports = new LoadReportingService.LoadReportingServiceClient(host.Channel).StreamLoadStats();
        await waiting.Ask(ResourceType.Endpoints, Greeter);
        await reports.RequestStream.WriteAsync(new LoadStatsRequest { Node = new Node { Id = "reports" } });
        await Eventually.True(() => host.Gate.Streams == 3);

        await host.Stop().WaitAsync(Eventually.Limit);
        Assert.Equal(StatusCode.Unavailable, (await silent.End()).StatusCode);
        Assert.Equal(StatusCode.Unavailable, (await waiting.End()).StatusCode);
    }

    private static async Task<TestClient> Connected(StreamHost host, string node)
    {
        host.View.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        var client = new TestClient(host, node);
        await client.Ask(ResourceType.Endpoints, Greeter);
        await client.Receive<ClusterLoadAssignment>();
        return client;
    }

    private static Task UntilStopped(Task stopping, ManualTimeProvider time) => Eventually.True(() =>
    {
        time.Advance(TimeSpan.FromMilliseconds(100));
        return stopping.IsCompleted;
    });

    private static LoadStatsRequest Succeeded(uint port, ulong requests)
    {
        var stats = new UpstreamEndpointStats
        {
            Address = new Address { SocketAddress = new SocketAddress { Address = "127.0.0.1", PortValue = port } },
            TotalSuccessfulRequests = requests,
        };
        return new()
        {
            ClusterStats = { new ClusterStats { ClusterName = Greeter, UpstreamLocalityStats = { new UpstreamLocalityStats { UpstreamEndpointStats = { stats } } } } },
        };
    }
}
