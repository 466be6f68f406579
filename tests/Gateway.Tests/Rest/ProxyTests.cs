using System.Text.Json.Nodes;
using Grpc.Net.Client;
using Mesh.Gateway.Tests.Streams;
using Mesh.Xds;
using Mesh.Xds.Ads;

namespace Mesh.Gateway.Tests.Rest;

public sealed class ProxyTests(RestServer server) : IClassFixture<RestServer>
{
    [Fact]
    public async Task A_connected_proxy_is_shown_with_what_it_accepted_and_what_it_rejected()
    {
        Assert.Equal(201, (await server.Put("/v1/services/default/seen/endpoints/a", """{"address":"10.0.0.1","port":80}""")).Status);
        await using var events = await EventReader.Open(server, "/v1/events");
        using var channel = GrpcChannel.ForAddress(server.Grpc);
        using var proxy = new TestClient(channel, "orders-1");
        await proxy.Ask(ResourceType.Endpoints, "default/seen");
        await proxy.Accept(await proxy.Receive(), "default/seen");
        while (await events.Line() != "event: ProxyConnected")
        {
        }

        var type = await Type("Synced");
        Assert.Equal("EDS", (string)type["type"]!);
        Assert.Equal((string)type["sent"]!, (string)type["accepted"]!);

        await server.Post("/v1/services/default/seen/endpoints/a/drain");
        await proxy.Reject(await proxy.Receive(), "I will not.", "default/seen");
        Assert.Contains("I will not.", (string)(await Type("Rejected"))["error"]!, StringComparison.Ordinal);

        var page = await server.Get("/v1/proxies?limit=1");
        Assert.Equal("orders-1", (string)page.Json["items"]![0]!["node"]!);
        (await server.Get("/v1/proxies/nobody")).Refusal(404);
    }

    [Theory]
    [InlineData(null, null, "Sidecar", "*/*", "")]
    [InlineData("ingress", null, "Ingress", "~/*", "")]
    [InlineData("ingress", "shop/*,shop/cart,web/cart,web", "Ingress", "shop/*,web/cart", "web")]
    public async Task A_proxy_is_shown_with_its_part_in_the_mesh(string? role, string? reaches, string isRole, string isReach, string notUnderstood)
    {
        var node = $"part-{role}-{isReach.Length}";
        using var proxy = new EitherClient(AdsVariant.Delta, server.Grpc, node, change =>
        {
            change.Metadata = new();
            foreach (var (key, value) in ((string, string?)[])[("MESH_ROLE", role), ("MESH_REACHES", reaches)])
            {
                if (value is not null)
                {
                    change.Metadata.Fields[key] = Google.Protobuf.WellKnownTypes.Value.ForString(value);
                }
            }
        });
        await proxy.Ask(ResourceType.Cluster);
        await proxy.Receive();

        var shown = (await server.Get($"/v1/proxies/{node}")).Json;
        Assert.Equal((isRole, isReach), ((string)shown["role"]!, (string)shown["reaches"]!));
        var unclear = shown["notUnderstood"]!.AsArray().Select(static claim => (string)claim!).ToList();
        Assert.Equal(notUnderstood.Length > 0, unclear.Count == 1 && unclear[0].Contains(notUnderstood, StringComparison.Ordinal));
        Assert.Equal(notUnderstood.Length > 0 ? 1 : 0, unclear.Count);
    }

    [Fact]
    public async Task What_a_proxy_was_sent_is_shown_stream_by_stream_and_with_its_bodies()
    {
        Assert.Equal(201, (await server.Put("/v1/services/default/shown/endpoints/a", """{"address":"10.0.0.7","port":81}""")).Status);
        using var channel = GrpcChannel.ForAddress(server.Grpc);
        using var first = new TestClient(channel, "ns/twice");
        using var second = new TestClient(channel, "ns/twice");
        foreach (var proxy in (TestClient[])[first, second])
        {
            await proxy.Ask(ResourceType.Endpoints, "default/shown");
            await proxy.Accept(await proxy.Receive(), "default/shown");
        }

        await first.Ask(ResourceType.Cluster, "default/shown");
        await first.Accept(await first.Receive(), "default/shown");
        await first.Ask(ResourceType.Listener, "mesh_outbound");
        await first.Accept(await first.Receive(), "mesh_outbound");
        await first.Ask(ResourceType.Route, "mesh_outbound");
        await first.Receive();

        var items = await Config("", 5);
        Assert.Equal(2, items.Select(static item => (long)item!["stream"]!).Distinct().Count());
        Assert.All(items, static item => Assert.Equal(("ns/twice", true, null), ((string)item!["node"]!, (int)item["bytes"]! > 0, item["body"])));
        Assert.Equal("default/shown", (string)Assert.Single(await Config("?type=CDS", 1))!["name"]!);
        Assert.Equal(3, (await Config("?resource=default/shown", 3)).Count);

        var page = (await server.Get("/v1/proxies/ns%2Ftwice/config?limit=3")).Json;
        Assert.Equal(3, page["items"]!.AsArray().Count);
        Assert.Equal(2, (await server.Get($"/v1/proxies/ns%2Ftwice/config?limit=3&continue={(string)page["continue"]!}")).Json["items"]!.AsArray().Count);

        var bodies = await Config("?bodies=true", 5);
        var endpoints = Body("EDS");
        Assert.Equal("type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment", (string)endpoints["@type"]!);
        Assert.Equal("10.0.0.7", (string)endpoints["endpoints"]![0]!["lb_endpoints"]![0]!["endpoint"]!["address"]!["socket_address"]!["address"]!);
        Assert.Equal("default/shown", (string)Body("CDS")["name"]!);
        // Extensions inside of it are read too; those that are only named keep their name.
        Assert.Contains("envoy.extensions.filters.http.router.v3.Router", Body("LDS").ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate", Body("RDS").ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("google.protobuf.Struct", Body("RDS").ToJsonString(), StringComparison.Ordinal);

        Assert.Equal(["type"], (await server.Get("/v1/proxies/ns%2Ftwice/config?type=sds")).Refusal(400));
        Assert.Equal(["bodies"], (await server.Get("/v1/proxies/ns%2Ftwice/config?bodies=1")).Refusal(400));
        Assert.Equal(["node"], (await server.Get("/v1/proxies/nobody/config")).Refusal(404));
        Assert.Equal("ns/twice", (string)(await server.Get("/v1/proxies/ns%2Ftwice")).Json["node"]!);

        JsonNode Body(string type) => bodies.First(item => (string)item!["type"]! == type)!["body"]!;
    }

    [Fact]
    public async Task How_long_an_answer_has_been_owed_is_shown_and_ends_with_it()
    {
        Assert.Equal(201, (await server.Put("/v1/services/default/slow/endpoints/a", """{"address":"10.0.0.8","port":81}""")).Status);
        using var channel = GrpcChannel.ForAddress(server.Grpc);
        using var proxy = new TestClient(channel, "slow-1");
        await proxy.Ask(ResourceType.Endpoints, "default/slow");
        var response = await proxy.Receive();

        JsonNode type;
        do
        {
            type = await Type("Pending", "slow-1");
        }
        while ((double)type["lagSeconds"]! < 0.05);
        Assert.Equal((1, 1, 0), ((int)type["resources"]!, (int)type["held"]!, (int)type["refused"]!));

        await proxy.Accept(response, "default/slow");
        Assert.Equal(0, (double)(await Type("Synced", "slow-1"))["lagSeconds"]!);
        Assert.Equal("StateOfTheWorld", (string)(await server.Get("/v1/proxies/slow-1")).Json["variant"]!);
    }

    [Fact]
    public async Task What_clients_refuse_is_on_the_policy_and_on_the_service_until_they_accept_or_leave()
    {
        Assert.Equal(201, (await server.Put("/v1/services/default/refused/endpoints/a", """{"address":"10.0.0.9","port":81}""")).Status);
        using var channel = GrpcChannel.ForAddress(server.Grpc);
        using var first = new TestClient(channel, "picky-1");
        using var second = new TestClient(channel, "picky-2");
        foreach (var proxy in (TestClient[])[first, second])
        {
            await proxy.Ask(ResourceType.Cluster, "default/refused");
            await proxy.Accept(await proxy.Receive(), "default/refused");
        }

        var rule = await Put("RANDOM");
        Assert.Equal(201, rule.Status);
        Assert.Empty(rule.Json["refusals"]!.AsArray());
        await using var events = await EventReader.Open(server, "/v1/events");
        await first.Reject(await first.Receive(), "no \u001b[31mbalancer like that", "default/refused");
        await second.Reject(await second.Receive(), "no \u001b[31mbalancer like that", "default/refused");

        await Eventually.True(async () => (int?)(await Policy())["refusals"]!.AsArray().FirstOrDefault()?["clients"] == 2);
        var refusal = (await Policy())["refusals"]![0]!;
        Assert.Equal(("CDS", "default/refused"), ((string)refusal["type"]!, (string)refusal["resource"]!));
        Assert.Equal(["DestinationRule/default/refused@1"], refusal["documents"]!.AsArray().Select(static document => (string)document!));
        Assert.Equal("no \u001b[31mbalancer like that", (string)refusal["error"]!);
        Assert.Equal(["picky-1", "picky-2"], refusal["nodes"]!.AsArray().Select(static node => (string)node!));
        Assert.Equal(1, (int)(await server.Get("/v1/services/default/refused")).Json["refusalsTotal"]!);
        Assert.Equal(1, (int)(await server.Get("/v1/policies?kind=DestinationRule")).Json["items"]!.AsArray().Single(static p => (string)p!["name"]! == "refused")!["refusalsTotal"]!);
        string line;
        do
        {
            line = (await events.Line())!;
        }
        while (!line.Contains("\"ProxyRejected\"", StringComparison.Ordinal) || !line.Contains("picky-1", StringComparison.Ordinal));
        Assert.Contains("picky-1: CDS default/refused, version", line, StringComparison.Ordinal);

        var type = (await server.Get("/v1/proxies/picky-1")).Json["types"]![0]!;
        Assert.Equal(("Rejected", 1, "default/refused"), ((string)type["status"]!, (int)type["refused"]!, (string)type["refusals"]![0]!["name"]!));
        var sent = (await server.Get("/v1/proxies/picky-1/config?bodies=true")).Json["items"]![0]!;
        Assert.Equal(("Rejected", (string)refusal["version"]!), ((string)sent["status"]!, (string)sent["sent"]!));
        // What it refused, not what it goes on with.
        Assert.Equal("RANDOM", (string)sent["body"]!["lb_policy"]!);
        Assert.NotEqual((string)sent["sent"]!, (string)sent["accepted"]!);

        Assert.Equal(200, (await Put("ROUND_ROBIN")).Status);
        await first.Accept(await first.Receive(), "default/refused");
        await Eventually.True(async () => (int?)(await Policy())["refusals"]!.AsArray().FirstOrDefault()?["clients"] == 1);
        await second.Leave();
        await Eventually.True(async () => (int)(await Policy())["refusalsTotal"]! == 0);
        Assert.Equal("Synced", (string)(await server.Get("/v1/proxies/picky-1")).Json["types"]![0]!["status"]!);

        async Task<JsonNode> Policy() => (await server.Get("/v1/policies/DestinationRule/default/refused")).Json;
        Task<Answer> Put(string balancer) => server.Put(
            "/v1/policies/DestinationRule/default/refused",
            $"""
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata:
              name: refused
            spec:
              host: refused
              trafficPolicy:
                loadBalancer:
                  simple: {balancer}
            """,
            "application/yaml");
    }

    private async Task<JsonArray> Config(string query, int expected)
    {
        JsonArray items = [];
        await Eventually.True(async () => (items = (await server.Get($"/v1/proxies/ns%2Ftwice/config{query}")).Json["items"]!.AsArray()).Count == expected);
        return items;
    }

    private async Task<JsonNode> Type(string status, string node = "orders-1")
    {
        JsonNode? type = null;
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        for (var tries = 0; (string?)type?["status"] != status; tries++)
        {
            Assert.True(tries < 5_000, $"never {status}: {type}");
            await tick.WaitForNextTickAsync();
            var answer = await server.Get($"/v1/proxies/{node}");
            type = answer.Status == 200 ? answer.Json["types"]!.AsArray().FirstOrDefault(static t => (string)t!["type"]! == "EDS") : null;
        }

        return type!;
    }
}
