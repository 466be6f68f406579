using Grpc.Net.Client;
using Mesh.Gateway.Tests.Streams;
using Mesh.Xds;

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

    private async Task<System.Text.Json.Nodes.JsonNode> Type(string status)
    {
        System.Text.Json.Nodes.JsonNode? type = null;
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        for (var tries = 0; (string?)type?["status"] != status; tries++)
        {
            Assert.True(tries < 5_000, $"never {status}: {type}");
            await tick.WaitForNextTickAsync();
            var answer = await server.Get("/v1/proxies/orders-1");
            type = answer.Status == 200 ? answer.Json["types"]!.AsArray().FirstOrDefault(static t => (string)t!["type"]! == "EDS") : null;
        }

        return type!;
    }
}
