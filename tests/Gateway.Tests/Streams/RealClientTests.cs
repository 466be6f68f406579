using System.Collections.Immutable;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Xds;
using Mesh.Xds.Resources;
using Mesh.Xds.Translation;
using static Mesh.Gateway.Tests.Streams.TableView;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>gRPC libraries that were not written here get their configuration and make calls.</summary>
public sealed class RealClientTests
{
    private const string Service = "default/greeter.example";

    [Theory]
    [InlineData("client.js")]
    [InlineData("client.py")]
    public async Task It_calls_all_backends_and_stops_calling_one_that_is_ejected(string script)
    {
        await using var backends = await GreeterBackends.Start(3);
        await using var host = await StreamHost.Start();
        var ports = backends.Ports;
        host.View.Set(Service, ports.Select((port, i) => Endpoint($"b{i}", "127.0.0.1", port)));
        host.View.Set("default/other", Endpoint("o", "127.0.0.1", 1));
        using var client = RealClient.Start(script, host, "xds:///greeter.example");

        Assert.Equal(Texts(ports), (await AllOf(client, Texts(ports))).Order());

        host.View.SetStatus(Service, "b1", HealthStatus.Ejected);
        string[] left = [.. Texts([ports[0], ports[2]])];
        Assert.Equal(left, (await AllOf(client, left)).Order());
        // And it stays away.
        Assert.Equal(left, (await client.Call(60)).Keys.Order());

        host.View.SetStatus(Service, "b1", HealthStatus.Healthy);
        Assert.Equal(Texts(ports), (await AllOf(client, Texts(ports))).Order());
        Assert.All(Assert.Single(host.Proxies.List()).Types, type => Assert.Null(type.Error));
    }

    [Theory]
    [InlineData("client.js")]
    [InlineData("client.py")]
    public async Task It_takes_every_policy_that_can_be_in_force(string script)
    {
        await using var backends = await GreeterBackends.Start(2);
        await using var host = await StreamHost.Start();
        var endpoints = backends.Ports.Select((port, i) => Endpoint($"b{i}", "127.0.0.1", port) with { Weight = 1 + (i * 100) }).ToArray();
        host.View.Set(Service, endpoints);
        using var client = RealClient.Start(script, host, "xds:///greeter.example:8080");
        Assert.Equal(Texts(backends.Ports), (await AllOf(client, Texts(backends.Ports))).Order());

        foreach (var algorithm in Enum.GetValues<LoadBalancerAlgorithm>())
        {
            var policy = new TrafficPolicy
            {
                LoadBalancer = algorithm,
                ConsistentHash = new ConsistentHash { HttpHeaderName = "x-user" },
                ConnectionPool = new ConnectionPool { MaxRequestsPerConnection = 100 + (int)algorithm, MaxConnections = 1 + (int)algorithm },
                OutlierDetection = new OutlierDetection { Consecutive5xx = 3, ConsecutiveGatewayFailure = 2, MaxEjectionPercent = 50 },
            };
            var version = VersionOf(host.View.Set(Service, policy, endpoints));
            // An idle C-core looks at its connection only every five seconds, so it is kept busy.
            await Eventually.True(async () =>
            {
                await client.Call(1);
                return Assert.Single(host.Proxies.List()).Types.Any(t => t is { Type: "CDS", Status: not "Pending" } && t.Sent == version);
            });

            Assert.Contains(Assert.Single(host.Proxies.List()).Types, t => t is { Type: "CDS", Status: "Synced" } && t.Sent == version);
            Assert.All(Assert.Single(host.Proxies.List()).Types, type => Assert.Null(type.Error));
            Assert.Equal(Texts(backends.Ports), (await client.Call(20)).Keys.Order());
        }
    }

    private static string VersionOf(ServiceSnapshot snapshot) => MeshResources.Empty.With(snapshot.Service, snapshot).Next
        .For(ClientKind.ProxylessGrpc).Find(ResourceType.Cluster, snapshot.Service.ToString())!.Version;

    [Theory]
    [InlineData("client.js")]
    [InlineData("client.py")]
    public async Task It_finds_a_service_that_appears_after_it_asked(string script)
    {
        await using var backends = await GreeterBackends.Start(1);
        await using var host = await StreamHost.Start();
        using var client = RealClient.Start(script, host, "xds:///greeter.example");
        var calling = client.Call(1);
        await Eventually.True(() => host.Proxies.Count == 1);
        host.View.Set(Service, Endpoint("b", "127.0.0.1", backends.Ports[0]));

        Assert.Equal(Texts(backends.Ports), (await calling).Keys);
    }

    [Theory]
    [InlineData("client.js")]
    [InlineData("client.py")]
    public async Task It_calls_its_own_zone_fails_over_to_another_and_comes_back(string script)
    {
        await using var backends = await GreeterBackends.Start(3);
        await using var host = await StreamHost.Start();
        var ports = backends.Ports;
        // Where the clients say that they run.
        EndpointSnapshot[] endpoints =
        [
            .. ports.Select((port, i) => Endpoint($"b{i}", "127.0.0.1", port) with { Locality = new Locality("region-1", i < 2 ? "zone-a" : "zone-b", "") }),
        ];
        host.View.Set(Service, new TrafficPolicy { LocalityLbSetting = new() }, endpoints);
        using var client = RealClient.Start(script, host, "xds:///greeter.example");
        string[] near = [.. Texts(ports[..2])];
        Assert.Equal(near, (await AllOf(client, near)).Order());

        host.View.SetStatus(Service, "b0", HealthStatus.Ejected);
        host.View.SetStatus(Service, "b1", HealthStatus.Ejected);
        Assert.Equal([$"{ports[2]}"], await AllOf(client, [$"{ports[2]}"]));

        host.View.SetStatus(Service, "b0", HealthStatus.Healthy);
        host.View.SetStatus(Service, "b1", HealthStatus.Healthy);
        Assert.Equal(near, (await AllOf(client, near)).Order());

        var shares = new LocalityLbSetting { Distribute = [new("region-1/zone-a", To(("region-1/zone-a", 20), ("region-1/zone-b", 80)))] };
        host.View.Set(Service, new TrafficPolicy { LocalityLbSetting = shares }, endpoints);
        Assert.Equal(Texts(ports), (await AllOf(client, Texts(ports))).Order());
        Assert.InRange((await client.Call(300))[$"{ports[2]}"], 195, 285);
        Assert.All(Assert.Single(host.Proxies.List()).Types, type => Assert.Null(type.Error));
    }

    private static ImmutableSortedDictionary<string, int> To(params (string Locality, int Percent)[] shares) =>
        shares.ToImmutableSortedDictionary(s => s.Locality, s => s.Percent, StringComparer.Ordinal);

    private static IEnumerable<string> Texts(int[] ports) => ports.Select(port => $"{port}").Order();

    /// <summary>Calls until the answers are these and no others, or for as long as a test may take.</summary>
    private static async Task<IEnumerable<string>> AllOf(RealClient client, IEnumerable<string> expected)
    {
        Dictionary<string, int> answers = [];
        await Eventually.True(
            async () => (answers = await client.Call(30)).Keys.Order().SequenceEqual(expected),
            $"It is to call {string.Join(", ", expected)} and no others.");
        return answers.Keys;
    }
}
