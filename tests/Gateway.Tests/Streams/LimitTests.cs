using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Envoy.Config.Core.V3;
using Envoy.Service.LoadStats.V3;
using Grpc.Core;
using Mesh.Gateway.Streams;
using Mesh.Gateway.Telemetry;
using Mesh.Silo;
using Mesh.Xds;
using Mesh.Xds.Ads;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>Each limit is reached; who breaks it is told which, how much, and what to do, and it is counted by its reason.</summary>
public sealed class LimitTests : IDisposable
{
    private readonly ConcurrentDictionary<string, long> _closed = new();
    private readonly MeterListener _meters = new();

    public LimitTests()
    {
        _meters.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == MeshTelemetry.Name && instrument.Name == "mesh.streams.closed")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meters.SetMeasurementEventCallback<long>((_, value, tags, _) => _closed.AddOrUpdate((string)tags[0].Value!, value, (_, before) => before + value));
        _meters.Start();
    }

    public void Dispose() => _meters.Dispose();

    [Fact]
    public async Task Streams_in_all()
    {
        await using var host = await StreamHost.Start(new StreamOptions { MaxStreams = 1 });
        using var first = await Served(host);
        using var second = new TestClient(host);

        Refused(await second.End(), "streams", "serves 1 ADS streams at a time", "--max-streams)");
    }

    [Fact]
    public async Task Streams_of_one_client_and_a_place_that_is_given_back_serves_again()
    {
        await using var host = await StreamHost.Start(new StreamOptions { MaxStreamsPerClient = 1 });
        using var first = await Served(host);
        using var second = new TestClient(host);

        Refused(await second.End(), "client_streams", "127.0.0.1 has 1 ADS streams open", "--max-streams-per-client");

        await first.Leave();
        await Eventually.True(() => host.Proxies.Count == 0);
        using var third = await Served(host);
    }

    [Theory]
    [InlineData(1, 5, "report_streams", "serves 1 LRS streams at a time")]
    [InlineData(5, 1, "client_report_streams", "127.0.0.1 has 1 LRS streams open")]
    public async Task Streams_of_reports(int inAll, int perClient, string reason, string said)
    {
        await using var host = await StreamHost.Start(new StreamOptions { MaxReportStreams = inAll, MaxStreamsPerClient = perClient });
        var client = new LoadReportingService.LoadReportingServiceClient(host.Channel);
        using var first = client.StreamLoadStats();
        await first.RequestStream.WriteAsync(new LoadStatsRequest { Node = new Node { Id = "n" } });
        using var limit = new CancellationTokenSource(Eventually.Limit);
        Assert.True(await first.ResponseStream.MoveNext(limit.Token));
        using var second = client.StreamLoadStats();

        Refused(await Assert.ThrowsAsync<RpcException>(() => second.ResponseStream.MoveNext(limit.Token)), reason, said, "raise the limit");
    }

    [Fact]
    public async Task Calls_of_one_connection_wait_for_one_another()
    {
        await using var server = new Rest.RestServer(static builder => builder.Services.Configure<KestrelServerOptions>(
            static kestrel => Limits.OfConnections(kestrel.Limits, new SiloOptions { MaxStreamsPerConnection = 1 })));
        await server.InitializeAsync();
        using var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = false };
        using var channel = Grpc.Net.Client.GrpcChannel.ForAddress(server.Grpc, new Grpc.Net.Client.GrpcChannelOptions { HttpHandler = handler });
        using var first = new TestClient(channel);
        await first.Ask(ResourceType.Cluster);
        await first.Receive();
        using var second = new TestClient(channel);
        var asked = second.Ask(ResourceType.Cluster);
        var proxies = server.App.Services.GetRequiredService<IProxyRegistry>();

        // A third one on a connection of its own has come and gone before the second one is let in.
        using (var other = Grpc.Net.Client.GrpcChannel.ForAddress(server.Grpc))
        using (var third = new TestClient(other, "third"))
        {
            await third.Ask(ResourceType.Cluster);
            await third.Receive();
            Assert.False(asked.IsCompleted);
            Assert.Equal(["test", "third"], proxies.List().Select(proxy => proxy.Node));
        }

        first.Dispose();
        await asked;
        await second.Receive();
    }

    [Fact]
    public async Task Resources_of_one_stream()
    {
        await using var host = await StreamHost.Start(new StreamOptions { Ads = new AdsLimits { ResourcesPerStream = 2 } });
        using var client = new TestClient(host);
        await client.Ask(ResourceType.Endpoints, "default/a", "default/b", "default/c");

        Refused(await client.End(), "resources", "more than 2 resources", "--max-resources-per-stream");
    }

    [Fact]
    public async Task Characters_of_a_name()
    {
        await using var host = await StreamHost.Start();
        using var client = new TestClient(host);
        await client.Ask(ResourceType.Endpoints, "default/a", "default/" + new string('b', 1017));

        Refused(StatusCode.InvalidArgument, await client.End(), "name", "has 1025 characters", "default/bbb", "at most 1024");
    }

    [Fact]
    public async Task Characters_of_a_node_id()
    {
        await using var host = await StreamHost.Start();
        using var client = new TestClient(host, new string('n', 257));
        await client.Ask(ResourceType.Cluster);

        Refused(StatusCode.InvalidArgument, await client.End(), "node", "257 characters", "at most 256");
    }

    [Fact]
    public async Task Bytes_of_a_message_on_ADS()
    {
        await using var host = await StreamHost.Start(new StreamOptions { MaxMessageBytes = 2000 });
        using var client = new TestClient(host);
        await client.Ask(ResourceType.Endpoints, Enumerable.Range(0, 200).Select(i => $"default/service-{i}"));

        Refused(await client.End(), "message", "longer than 2000 bytes", "--max-message-size");
    }

    [Fact]
    public async Task Bytes_of_a_message_on_LRS()
    {
        await using var host = await StreamHost.Start(new StreamOptions { MaxMessageBytes = 2000 });
        using var call = new LoadReportingService.LoadReportingServiceClient(host.Channel).StreamLoadStats();
        await call.RequestStream.WriteAsync(new LoadStatsRequest { Node = new Node { Id = new string('n', 3000) } });
        using var limit = new CancellationTokenSource(Eventually.Limit);

        Refused(await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(limit.Token)), "message", "longer than 2000 bytes", "--max-message-size");
    }

    [Fact]
    public void Who_shows_a_certificate_has_places_of_its_own_wherever_it_comes_from()
    {
        var places = new StreamPlaces("ADS", "streams", 10, 1);
        var web = new Caller("10.0.0.1:1000", "10.0.0.1", "spiffe://mesh/web");
        places.Take(web);
        places.Take(new Caller("10.0.0.1:1001", "10.0.0.1", "spiffe://mesh/shop"));
        places.Take(new Caller("10.0.0.1:1002", "10.0.0.1", null));

        Assert.StartsWith("spiffe://mesh/web has 1", Assert.ThrowsAny<RpcException>(Again).Status.Detail, StringComparison.Ordinal);
        places.Leave(web);
        Again();

        void Again() => places.Take(web with { Host = "10.0.0.2" });
    }

    [Fact]
    public void Who_breaks_both_limits_is_told_of_its_own_first_as_that_is_the_one_it_can_help()
    {
        var places = new StreamPlaces("ADS", "streams", 1, 1);
        places.Take(new Caller("10.0.0.1:1", "10.0.0.1", null));

        Assert.Contains("--max-streams-per-client", Assert.ThrowsAny<RpcException>(() => places.Take(new Caller("10.0.0.1:2", "10.0.0.1", null))).Status.Detail, StringComparison.Ordinal);
        Assert.Contains("(--max-streams)", Assert.ThrowsAny<RpcException>(() => places.Take(new Caller("10.0.0.2:1", "10.0.0.2", null))).Status.Detail, StringComparison.Ordinal);
    }

    private static async Task<TestClient> Served(StreamHost host)
    {
        var client = new TestClient(host);
        await client.Ask(ResourceType.Cluster);
        await client.Receive();
        return client;
    }

    private void Refused(RpcException end, string reason, params string[] said) => Refused(StatusCode.ResourceExhausted, end, reason, said);

    private void Refused(StatusCode code, RpcException end, string reason, params string[] said)
    {
        Assert.Equal(code, end.StatusCode);
        Assert.All(said, part => Assert.Contains(part, end.Status.Detail, StringComparison.Ordinal));

        // Other tests may break the same limit at the same time.
        Assert.True(_closed.GetValueOrDefault(reason) > 0, $"mesh_streams_closed_total does not count {reason}.");
    }
}
