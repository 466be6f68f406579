using Mesh.Gateway.Drain;
using Mesh.Gateway.Tests.Rest;
using Microsoft.Extensions.DependencyInjection;

namespace Mesh.Gateway.Tests.Drain;

/// <summary>REST while the gateway leaves.</summary>
public sealed class RestDrainTests
{
    [Fact]
    public async Task It_is_not_ready_at_once_but_commands_are_done_and_their_connections_closed()
    {
        await using var server = new RestServer(static builder => builder.Services.AddSingleton(new DrainOptions { Announce = TimeSpan.FromHours(1) }));
        await server.InitializeAsync();
        await Eventually.True(async () => (await server.Get("/readyz")).Status == 200);
        Assert.Null((await server.Get("/healthz")).Headers.ConnectionClose);
        await using var reader = await EventReader.Open(server, "/v1/events");
        using var impatient = new CancellationTokenSource();
        var stopping = server.App.StopAsync(impatient.Token);
        await Eventually.True(() => server.App.Services.GetRequiredService<DrainGate>().IsDraining);

        var ready = await server.Get("/readyz");
        Assert.Equal(503, ready.Status);
        Assert.Contains("1 streams are left", ready.Text, StringComparison.Ordinal);
        Assert.Contains("mesh_drain_state", (await server.Get("/metrics")).Text, StringComparison.Ordinal);
        var registered = await server.Put("/v1/services/default/greeter/endpoints/a", """{"address":"127.0.0.1","port":1001}""");
        Assert.InRange(registered.Status, 200, 201);
        Assert.True(registered.Headers.ConnectionClose);
        Assert.Equal("EndpointAdded", (await After(reader, "ServiceAdded")).Kind);
        (await server.Get("/v1/events")).Refusal(503);

        await impatient.CancelAsync();
        await Eventually.True(() => stopping.IsCompleted);
    }

    [Fact]
    public async Task A_reader_of_events_ends_in_order()
    {
        await using var server = new RestServer();
        await server.InitializeAsync();
        await using var reader = await EventReader.Open(server, "/v1/events");
        var stopping = server.App.StopAsync();

        Assert.Null(await LastLine(reader));
        await stopping.WaitAsync(Eventually.Limit);
    }

    private static async Task<(string Id, string Kind, System.Text.Json.Nodes.JsonNode Data)> After(EventReader reader, string kind)
    {
        while ((await reader.Next()).Kind != kind)
        {
        }

        return await reader.Next();
    }

    /// <summary>Reads to the end, which throws when the answer was cut off instead of finished.</summary>
    private static async Task<string?> LastLine(EventReader reader)
    {
        while (await reader.Line() is not null)
        {
        }

        return null;
    }
}
