using System.Collections.Immutable;
using Mesh.Api;
using Mesh.Contracts;
using Mesh.Gateway.Rest.Status;
using Mesh.Grains.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Orleans;

namespace Mesh.Gateway.Tests.Rest;

public sealed class StatusTests
{
    [Fact]
    public async Task A_mesh_of_one_process_shows_its_silo_its_grains_its_gateway_and_its_store()
    {
        await using var server = new RestServer();
        await server.InitializeAsync();
        await server.Put("/v1/services/shop/cart/endpoints/a", """{"address":"10.0.0.1","port":80}""");
        await Eventually.True(async () => (bool)(await server.Get("/v1/status")).Json["well"]!);

        var status = (await server.Get("/v1/status")).Json;

        Assert.Equal("Well: 1 silo and 1 gateway.", (string)status["headline"]!);
        var silo = Assert.Single(status["silos"]!.AsArray())!;
        Assert.Equal("Active", (string)silo["state"]!);
        Assert.Equal((1, 1), ((int)silo["grains"]!["service"]!, (int)silo["grains"]!["endpoint"]!));
        Assert.True((long)silo["residentBytes"]! > 1_000_000);
        var gateway = Assert.Single(status["gateways"]!.AsArray())!;
        Assert.Equal((server.Rest.Authority, server.Grpc.Authority), ((string)gateway["rest"]!, (string)gateway["grpc"]!));
        Assert.Equal((string)silo["address"]!, (string)gateway["silo"]!);
        Assert.Equal((true, false, 0), ((bool)gateway["ready"]!, (bool)gateway["stale"]!, (int)gateway["adsStreams"]!));
        var store = Assert.Single(status["stores"]!.AsArray())!;
        Assert.Equal(("sqlite", "State", true), ((string)store["name"]!, (string)store["role"]!, (bool)store["up"]!));
        Assert.Empty(status["missing"]!.AsArray());
        Assert.Equal(["all"], (await server.Get("/v1/status?all=true")).Refusal(400));
    }

    [Fact]
    public async Task A_silo_that_does_not_answer_is_named_and_the_rest_is_shown()
    {
        await using var server = new RestServer(builder => builder.Services.AddSingleton<IClusterMembers, WithGhost>());
        await server.InitializeAsync();

        var status = (await server.Get("/v1/status")).Json;

        Assert.False((bool)status["well"]!);
        Assert.Equal(["NoAnswer", "Active"], status["silos"]!.AsArray().Select(static silo => (string)silo!["state"]!));
        Assert.Contains("silo ghost", status["missing"]!.AsArray().Select(static part => (string)part!));
        Assert.Contains("Silo ghost is a member and does not answer.", status["findings"]!.AsArray().Select(static finding => (string)finding!["text"]!));
    }

    [Fact]
    public async Task Another_gateway_is_shown_with_its_streams_and_its_stores()
    {
        await using var server = new RestServer();
        await server.InitializeAsync();
        await server.App.Services.GetRequiredService<IGrainFactory>().GetGrain<IGatewayRosterGrain>(0).Announce(new GatewayView
        {
            Id = "other",
            Name = "edge-2",
            Rest = "10.0.0.2:15080",
            Grpc = "10.0.0.2:15010",
            Version = "0.1.0",
            Started = DateTimeOffset.UnixEpoch,
            Ready = true,
            Services = 3,
            AdsStreams = 7,
            LrsStreams = 5,
            Stores = [new StoreReport { Name = "sqlite", Role = StoreRole.State, Healthy = false, Since = DateTimeOffset.UnixEpoch, Detail = "The disk is full." }],
        });

        var status = (await server.Get("/v1/status")).Json;

        Assert.Contains("edge-2", status["gateways"]!.AsArray().Select(static gateway => (string)gateway!["name"]!));
        Assert.Equal((7, 5), ((int)status["adsStreams"]!, (int)status["lrsStreams"]!));
        Assert.Equal("edge-2", (string)Assert.Single(Assert.Single(status["stores"]!.AsArray())!["downFor"]!.AsArray())!);
        Assert.Equal("The store sqlite is away for edge-2. The disk is full.", (string)status["findings"]![0]!["text"]!);
    }

    [Fact]
    public void What_keeps_changes_from_being_made_is_said_first()
    {
        var findings = StatusFindings.Of(
            [Silo("a"), Silo("b", StatusFindings.NoAnswer), Silo("c", "Dead"), Silo("a", "Dead"), Silo("d", "Joining") with { Version = "0.2.0" }],
            [Gateway("g1"), Gateway("g2", ready: false), Gateway("g3", stale: true)],
            [Store("postgres", "Membership", up: false), Store("redis", "State", up: false), Store("disk", "State", warning: "appendfsync is no.")],
            []);

        Assert.Equal(
            [
                "The store redis is away. What runs goes on; changes are refused, for nothing can be promised.",
                "The store postgres is away. What runs goes on; no silo can join, and none can be declared dead.",
                "Silo b is a member and does not answer.",
                "Gateway g3 (g3:1) has been silent for 20 s.",
                "Gateway g2 (g2:1) is not ready: view: reading",
                "disk: appendfsync is no.",
                "Silo d is joining.",
                "Silo c has left or died, and has not come back.",
                "There are 2 versions side by side: 0.1.0, 0.2.0.",
            ],
            findings.Select(static finding => finding.Text));
        Assert.Equal([true, true, true, true, true, false, false, false, false], findings.Select(static finding => finding.Wrong));
        Assert.Equal($"Degraded: {findings[0].Text} (4 more)", StatusFindings.Headline(findings, [Silo("a")], [Gateway("g1")]));
        Assert.Equal("Well: 1 silo and 2 gateways; 1 thing to know.", StatusFindings.Headline([findings[^1]], [Silo("a")], [Gateway("g1"), Gateway("g2")]));
        Assert.Equal("No silo answers.", Assert.Single(StatusFindings.Of([], [Gateway("g1")], [], ["the list of silos"])).Text);
    }

    private static SiloStatusView Silo(string name, string state = "Active") =>
        new(name, $"{name}:11111@1", state, DateTimeOffset.UnixEpoch) { Version = state == "Active" ? "0.1.0" : null };

    private static GatewayStatusView Gateway(string name, bool ready = true, bool stale = false) =>
        new(name, null, $"{name}:1", $"{name}:2", "0.1.0", DateTimeOffset.UnixEpoch, ready, ready ? [] : ["view: reading"], 1, 0, 0, stale ? 20 : 0, stale);

    private static StoreStatusView Store(string name, string role, bool up = true, string? warning = null) =>
        new(name, role, up, DateTimeOffset.UnixEpoch, null, warning, null, [], 1);

    private sealed class WithGhost(ISiloFacts facts) : IClusterMembers
    {
        private readonly OneMember _real = new("real", facts);

        public string Me => _real.Me;

        public ImmutableArray<SiloMember> Members => [new("ghost@1", "ghost", SiloState.Active, DateTimeOffset.UnixEpoch), .. _real.Members];
    }
}
