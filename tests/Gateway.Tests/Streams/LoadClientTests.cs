using System.Collections.Concurrent;
using System.Text;
using Envoy.Config.Endpoint.V3;
using Envoy.Service.Discovery.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Mesh.Bench.Push.Client;
using Mesh.Gateway.Streams;
using static Mesh.Gateway.Tests.Streams.TableView;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>The benchmark's client has an HTTP/2 and a protobuf of its own: what it measures is only true if it speaks to the gateway as others do.</summary>
public sealed class LoadClientTests
{
    private const string Service = "default/bench-0";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_change_arrives_once_on_each_stream_that_wants_it(bool delta)
    {
        await using var host = await StreamHost.Start();
        host.View.Set(Service, Endpoint("a", "127.0.0.1", 1001), Endpoint("b", "127.0.0.1", 1002));
        host.View.Set("default/bench-1", Endpoint("a", "127.0.0.1", 1003));
        var arrivals = new Seen();
        var (both, other) = (new Wanted([Service, "default/bench-1"], 2, delta), new Wanted(["default/bench-1"], 1, delta));
        using var client = Start(host, [new(0, both, arrivals), new(1, both, arrivals), new(2, other, arrivals)]);
        await Eventually.True(() => client.Synced == 3);
        arrivals.All.Clear();

        host.View.Set(Service, Endpoint("a", "127.0.0.1", 1001) with { Weight = 700 }, Endpoint("b", "127.0.0.1", 1002));
        await Eventually.True(() => arrivals.All.Count == 2);

        // What the others get next is the next change: nothing came between.
        host.View.Set("default/bench-1", Endpoint("a", "127.0.0.1", 1003) with { Weight = 900 });
        await Eventually.True(() => arrivals.All.Count == 5);
        Assert.Equal(
            [(0, 0, 800u), (0, 1, 900u), (1, 0, 800u), (1, 1, 900u), (2, 1, 900u)], arrivals.All.OrderBy(seen => (seen.Stream, seen.Service)));
        Assert.Null(client.Failure);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_it_gets_it_acknowledges(bool delta)
    {
        await using var host = await StreamHost.Start();
        host.View.Set(Service, Endpoint("a", "127.0.0.1", 1001));
        using var client = Start(host, [new(0, new Wanted([Service], 1, delta), new Seen())]);

        await Eventually.True(() => host.Proxies.List() is [{ Node: "bench-0" } proxy] && proxy.Types.Any(type => type is { Status: "Synced", Sent: not null } && type.Sent == type.Accepted));
    }

    [Fact]
    public async Task An_answer_larger_than_many_frames_is_put_together()
    {
        await using var host = await StreamHost.Start();
        string[] names = [.. Enumerable.Range(0, 50).Select(i => $"default/bench-{i}")];
        foreach (var name in names)
        {
            host.View.Set(name, Enumerable.Range(0, 100).Select(i => Endpoint($"e{i}", "127.0.0.1", 1 + i)));
        }

        var arrivals = new Seen();
        using var client = Start(host, [new(0, new Wanted(names, names.Length, delta: false), arrivals)]);
        await Eventually.True(() => client.Synced == 1);
        Assert.Equal(Enumerable.Range(0, 50), arrivals.All.Select(seen => seen.Service).Order());
        Assert.All(arrivals.All, seen => Assert.Equal(10_000u, seen.Weight));
        Assert.True(client.Bytes > 2 * 65535, $"{client.Bytes} bytes need no more than the first windows.");
    }

    [Fact]
    public async Task A_request_larger_than_the_servers_window_is_sent_as_the_server_makes_room()
    {
        await using var host = await StreamHost.Start();
        host.View.Set(Service, Endpoint("a", "127.0.0.1", 1001));
        string[] names = [.. Enumerable.Range(0, 5000).Select(i => $"default/nobody-{new string('x', 40)}-{i}"), Service];
        using var client = Start(host, [new(0, new Wanted(names, 1, delta: false), new Seen())]);

        await Eventually.True(() => client.Synced == 1);
    }

    [Fact]
    public async Task Why_the_server_ends_a_stream_is_told()
    {
        await using var host = await StreamHost.Start(new StreamOptions { MaxStreams = 1 });
        host.View.Set(Service, Endpoint("a", "127.0.0.1", 1001));
        var wanted = new Wanted([Service], 1, delta: false);
        using var client = Start(host, [new(0, wanted, new Seen()), new(1, wanted, new Seen())]);

        await Eventually.True(() => client.Failure is not null);
        Assert.Contains("all are taken", client.Failure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_a_resource_it_reads_whose_it_is_its_version_and_the_weight_of_all_localities(bool delta)
    {
        var any = Any.Pack(new ClusterLoadAssignment
        {
            ClusterName = "default/bench-1207",
            Endpoints =
            {
                new LocalityLbEndpoints { LoadBalancingWeight = 300, LbEndpoints = { new LbEndpoint { LoadBalancingWeight = 300 } } },
                new LocalityLbEndpoints { LoadBalancingWeight = 70_000, Priority = 1 },
                new LocalityLbEndpoints(),
            },
        });
        var bytes = delta ? new Resource { Name = "default/bench-1207", Version = "v7", Resource_ = any }.ToByteArray() : any.ToByteArray();

        var read = Assignment.Read(bytes, delta);
        Assert.Equal("default/bench-1207", Encoding.UTF8.GetString(read.Name));
        Assert.Equal((1207, 70_300u, delta ? "v7" : ""), (read.Number, read.Weight, Encoding.UTF8.GetString(read.Version)));
    }

    [Fact]
    public void Its_requests_of_the_state_of_the_world_name_everything_each_time()
    {
        string[] names = [Service, "default/" + new string('x', 300)];
        var wanted = new Wanted(names, 2, delta: false);
        var first = DiscoveryRequest.Parser.ParseFrom(wanted.First("bench-7"));
        Assert.Equal(("bench-7", "envoy"), (first.Node.Id, first.Node.UserAgentName));
        Assert.Equal(names, first.ResourceNames);
        Assert.EndsWith("ClusterLoadAssignment", first.TypeUrl, StringComparison.Ordinal);

        var buffer = new byte[1024];
        var next = DiscoveryRequest.Parser.ParseFrom(buffer, 0, wanted.Acknowledge(buffer, "n1"u8, "v1"u8));
        Assert.Equal(("n1", "v1", first.TypeUrl), (next.ResponseNonce, next.VersionInfo, next.TypeUrl));
        Assert.Equal(names, next.ResourceNames);
        Assert.Null(next.Node);
    }

    [Fact]
    public void Its_requests_of_deltas_name_everything_once_and_say_what_it_has()
    {
        var wanted = new Wanted([Service], 1, delta: true);
        var first = DeltaDiscoveryRequest.Parser.ParseFrom(wanted.First("bench-7", [new(Service, "v1"u8.ToArray())]));
        Assert.Equal("bench-7", first.Node.Id);
        Assert.Equal([Service], first.ResourceNamesSubscribe);
        Assert.Equal("v1", first.InitialResourceVersions[Service]);

        var buffer = new byte[1024];
        var next = DeltaDiscoveryRequest.Parser.ParseFrom(buffer, 0, wanted.Acknowledge(buffer, "n1"u8, "v1"u8));
        Assert.Equal(new DeltaDiscoveryRequest { TypeUrl = first.TypeUrl, ResponseNonce = "n1" }, next);
    }

    private static LoadClient Start(StreamHost host, LoadStream[] streams)
    {
        var client = new LoadClient(host.Address.Port, streams, streams[0].Wanted.Delta, storm: 10);
        client.Start();
        return client;
    }

    private sealed class Seen : IArrivals
    {
        public ConcurrentQueue<(int Stream, int Service, uint Weight)> All { get; } = [];

        public void Arrived(int stream, in Assignment assignment, long at) => All.Enqueue((stream, assignment.Number, assignment.Weight));
    }
}
