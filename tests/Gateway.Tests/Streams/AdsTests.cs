using Envoy.Config.Cluster.V3;
using Envoy.Config.Endpoint.V3;
using Grpc.Core;
using Mesh.Core.Health;
using Mesh.Gateway.Streams;
using Mesh.Xds;
using Mesh.Xds.Ads;
using static Mesh.Gateway.Tests.Streams.TableView;

namespace Mesh.Gateway.Tests.Streams;

public sealed class AdsTests
{
    private const string Greeter = "default/greeter";

    [Fact]
    public async Task A_sidecar_gets_everything_by_wildcard_and_endpoints_by_name()
    {
        await using var host = await StreamHost.Start();
        host.View.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        using var client = new TestClient(host);

        await client.Ask(ResourceType.Cluster);
        Assert.Equal(Greeter, (await client.Receive<Cluster>()).Name);
        await client.Ask(ResourceType.Endpoints, Greeter);
        Assert.Equal(1001u, Assert.Single((await client.Receive<ClusterLoadAssignment>()).Endpoints[0].LbEndpoints).Endpoint.Address.SocketAddress.PortValue);
        await client.Ask(ResourceType.Listener);
        Assert.Equal("mesh_outbound", (await client.Receive<Envoy.Config.Listener.V3.Listener>()).Name);
        await client.Ask(ResourceType.Route, "mesh_outbound");
        Assert.Equal(Greeter, Assert.Single((await client.Receive<Envoy.Config.Route.V3.RouteConfiguration>()).VirtualHosts).Name);
    }

    [Fact]
    public async Task An_ejection_is_pushed_to_those_who_want_the_service_and_to_nobody_else()
    {
        await using var host = await StreamHost.Start();
        host.View.Set(Greeter, Endpoint("a", "127.0.0.1", 1001), Endpoint("b", "127.0.0.1", 1002));
        host.View.Set("default/other", Endpoint("o", "127.0.0.1", 1003));
        using var interested = new TestClient(host, "interested");
        using var other = new TestClient(host, "other");
        await interested.Ask(ResourceType.Endpoints, Greeter);
        await interested.Accept(await interested.Receive(), Greeter);
        await other.Ask(ResourceType.Endpoints, "default/other");
        await other.Accept(await other.Receive(), "default/other");

        host.View.SetStatus(Greeter, "b", HealthStatus.Ejected);
        var pushed = await interested.Receive<ClusterLoadAssignment>();
        Assert.Equal([Envoy.Config.Core.V3.HealthStatus.Healthy, Envoy.Config.Core.V3.HealthStatus.Unhealthy], pushed.Endpoints[0].LbEndpoints.Select(e => e.HealthStatus));

        // The next thing that the other one gets is its own change: nothing came between.
        host.View.SetStatus("default/other", "o", HealthStatus.Ejected);
        Assert.Equal("default/other", (await other.Receive<ClusterLoadAssignment>()).ClusterName);
    }

    [Fact]
    public async Task What_no_client_can_see_is_not_pushed()
    {
        await using var host = await StreamHost.Start();
        host.View.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        using var client = new TestClient(host);
        await client.Ask(ResourceType.Endpoints, Greeter);
        var first = await client.Receive();
        await client.Accept(first, Greeter);

        host.View.SetStatus(Greeter, "a", HealthStatus.Suspect);
        host.View.SetStatus(Greeter, "a", HealthStatus.Ejected);
        var next = await client.Receive();
        Assert.Equal((0, 1), (Unhealthy(first), Unhealthy(next)));
    }

    [Fact]
    public async Task Nothing_is_sent_before_the_view_knows_all_that_exists()
    {
        await using var host = await StreamHost.Start();
        host.View.Ready = false;
        using var client = new TestClient(host);
        await client.Ask(ResourceType.Cluster);
        await Eventually.True(() => host.Proxies.Count == 1);
        host.View.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        host.View.Set("default/other");
        host.View.Ready = true;

        Assert.Equal(2, (await client.Receive()).Resources.Count);
    }

    [Fact]
    public async Task What_changes_right_after_its_name_was_asked_for_is_not_missed()
    {
        const string Other = "default/other";
        await using var host = await StreamHost.Start();
        host.View.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        host.View.Set(Other, Endpoint("o", "127.0.0.1", 1002));
        using var client = new TestClient(host);
        await client.Ask(ResourceType.Endpoints, Greeter);
        var first = await client.Receive();

        // Rejections are told of on the loop that reads, between two steps of a request: what comes here comes at the worst moment.
        using var sent = new ManualResetEventSlim();
        using var subscription = host.Proxies.Subscribe(e =>
        {
            if (e.Kind == ProxyEventKind.Rejected)
            {
                host.View.SetStatus(Greeter, "a", HealthStatus.Ejected);
                Assert.True(sent.Wait(Eventually.Limit));
                host.View.SetStatus(Other, "o", HealthStatus.Ejected);
            }
        });
        await client.Reject(first, "no", Greeter, Other);
        while (Status(await client.Receive()) != Envoy.Config.Core.V3.HealthStatus.Healthy)
        {
        }

        sent.Set();
        while (Status(await client.Receive()) != Envoy.Config.Core.V3.HealthStatus.Unhealthy)
        {
        }

        static Envoy.Config.Core.V3.HealthStatus? Status(Envoy.Service.Discovery.V3.DiscoveryResponse response) => response.Resources
            .Select(r => r.Unpack<ClusterLoadAssignment>()).SingleOrDefault(a => a.ClusterName == Other)?.Endpoints[0].LbEndpoints[0].HealthStatus;
    }

    [Fact]
    public async Task A_client_that_reads_late_gets_the_newest_state_and_not_the_history()
    {
        await using var host = await StreamHost.Start(new StreamOptions { WriteTimeout = TimeSpan.FromMinutes(10) });
        var many = Enumerable.Range(0, 10_000).Select(i => Endpoint($"e{i:00000}", $"10.0.{i / 250}.{i % 250}", 80)).ToArray();
        host.View.Set(Greeter, many);
        using var client = new TestClient(host);
        await client.Ask(ResourceType.Endpoints, Greeter);
        var received = await client.Receive();
        Assert.Equal(10_000, received.Resources[0].Unpack<ClusterLoadAssignment>().Endpoints[0].LbEndpoints.Count);

        for (var i = 0; i < 200; i++)
        {
            host.View.SetStatus(Greeter, many[i].Id, HealthStatus.Ejected);
        }

        var responses = 0;
        int unhealthy;
        do
        {
            unhealthy = Unhealthy(await client.Receive());
            responses++;
        }
        while (unhealthy < 200);
        Assert.True(responses < 200, $"{responses} responses for 200 changes, while the client was not reading.");
    }

    [Fact]
    public async Task A_rejection_shows_in_the_registry_with_its_reason_until_something_is_accepted()
    {
        await using var host = await StreamHost.Start();
        var events = new System.Collections.Concurrent.ConcurrentQueue<ProxyEvent>();
        using var subscription = host.Proxies.Subscribe(events.Enqueue);
        host.View.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        using var client = new TestClient(host, "picky");
        await client.Ask(ResourceType.Endpoints, Greeter);
        var first = await client.Receive();
        await client.Accept(first, Greeter);
        await Eventually.True(() => Status().Status == "Synced");

        host.View.SetStatus(Greeter, "a", HealthStatus.Ejected);
        var disliked = await client.Receive();
        await client.Reject(disliked, "I do not like it", Greeter);
        await Eventually.True(() => Status() is { Status: "Rejected", Error: "I do not like it" });
        Assert.Equal((first.VersionInfo, disliked.VersionInfo), (Status().Accepted, Status().Sent));
        Assert.Contains(events, e => e.Kind == ProxyEventKind.Rejected && e.Detail.Contains("I do not like it", StringComparison.Ordinal));

        host.View.SetStatus(Greeter, "a", HealthStatus.Healthy);
        var again = await client.Receive();
        Assert.Equal(first.VersionInfo, again.VersionInfo);
        await client.Accept(again, Greeter);
        await Eventually.True(() => Status() is { Status: "Synced", Error: null });

        await client.Leave();
        await Eventually.True(() => host.Proxies.Count == 0);
        Assert.Equal([ProxyEventKind.Connected, ProxyEventKind.Rejected, ProxyEventKind.Disconnected], events.Select(e => e.Kind));

        Mesh.Api.ProxyTypeView Status() => Assert.Single(Assert.Single(host.Proxies.Find("picky")).Types);
    }

    [Fact]
    public async Task A_stream_that_says_nothing_is_closed()
    {
        await using var host = await StreamHost.Start(new StreamOptions { FirstRequestTimeout = TimeSpan.FromMilliseconds(50) });
        using var silent = new TestClient(host);

        Assert.Equal(StatusCode.DeadlineExceeded, (await silent.End()).StatusCode);
    }

    [Fact]
    public async Task What_is_sent_and_rejected_is_counted_under_the_names_that_dashboards_know()
    {
        var counted = new System.Collections.Concurrent.ConcurrentDictionary<string, long>();
        using var listener = new System.Diagnostics.Metrics.MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name.StartsWith("pilot_", StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => counted.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value));
        listener.SetMeasurementEventCallback<double>((instrument, _, _, _) => counted.AddOrUpdate(instrument.Name, 1, (_, sum) => sum + 1));
        listener.Start();
        await using var host = await StreamHost.Start();
        host.View.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        using var client = new TestClient(host);
        await client.Ask(ResourceType.Endpoints, Greeter);
        await client.Accept(await client.Receive(), Greeter);
        host.View.SetStatus(Greeter, "a", HealthStatus.Ejected);
        await client.Reject(await client.Receive(), "no", Greeter);
        string[] expected =
        [
            "pilot_xds", "pilot_xds_pushes", "pilot_total_xds_rejects", "pilot_xds_config_size_bytes", "pilot_proxy_convergence_time",
            "pilot_proxy_queue_time", "pilot_xds_push_time",
        ];

        await Eventually.True(() => expected.All(name => counted.GetValueOrDefault(name) > 0));
    }

    private static int Unhealthy(Envoy.Service.Discovery.V3.DiscoveryResponse response) => response.Resources[0].Unpack<ClusterLoadAssignment>().Endpoints
        .Sum(locality => locality.LbEndpoints.Count(e => e.HealthStatus == Envoy.Config.Core.V3.HealthStatus.Unhealthy));
}
