using Mesh.Gateway.Rest;
using Microsoft.Extensions.DependencyInjection;

namespace Mesh.Gateway.Tests.Rest;

public sealed class ReadinessTests
{
    [Fact]
    public async Task It_is_ready_when_view_grains_and_storage_are()
    {
        await using var server = new RestServer();
        await server.InitializeAsync();
        await Eventually.True(async () => (await server.Get("/readyz")).Status == 200);
        var answer = await server.Get("/readyz");
        Assert.Equal(["view", "grains", "drain", "storage"], answer.Json["checks"]!.AsArray().Select(static check => (string)check!["name"]!));
        Assert.Equal((200, "ok\n"), ((await server.Get("/healthz")).Status, (await server.Get("/healthz")).Text));
    }

    [Fact]
    public async Task It_is_not_ready_and_says_why_while_a_condition_is_not_met_but_it_lives()
    {
        var condition = new Condition();
        await using var server = new RestServer(builder => builder.Services.AddSingleton<IReadinessCheck>(condition));
        await server.InitializeAsync();
        condition.Answer = () => Task.FromResult<string?>("The moon is not full.");
        // An answer may be a second old: the gateway asks too, to tell the others.
        await Eventually.True(async () => (await server.Get("/readyz")).Status == 503);
        var answer = await server.Get("/readyz");
        Assert.Equal("The moon is not full.", (string)Find(answer)["detail"]!);
        Assert.Equal(200, (await server.Get("/healthz")).Status);

        condition.Answer = () => throw new InvalidOperationException("secret");
        answer = await server.Get("/readyz");
        Assert.Equal(503, answer.Status);
        Assert.DoesNotContain("secret", answer.Text, StringComparison.Ordinal);

        condition.Answer = () => Task.FromResult<string?>(null);
        await Eventually.True(async () => (await server.Get("/readyz")).Status == 200);
    }

    [Fact]
    public async Task What_is_not_required_is_shown_and_makes_nobody_unready()
    {
        await using var server = new RestServer(builder => builder.Services.AddSingleton<IReadinessCheck>(
            new Condition { Answer = () => Task.FromResult<string?>("The moon is not full."), Required = false }));
        await server.InitializeAsync();
        await Eventually.True(async () => (await server.Get("/readyz")).Status == 200);
        var moon = Find(await server.Get("/readyz"));
        Assert.Equal((false, false), ((bool)moon["ok"]!, (bool)moon["required"]!));
    }

    [Fact]
    public async Task The_store_and_how_it_is_are_a_metric()
    {
        await using var server = new RestServer();
        await server.InitializeAsync();
        Assert.Contains("mesh_store_up{store=\"sqlite\"} 1\n", (await server.Get("/metrics")).Text, StringComparison.Ordinal);
        Assert.Contains("mesh_store_warning{store=\"sqlite\"} 0\n", (await server.Get("/metrics")).Text, StringComparison.Ordinal);
    }

    private static System.Text.Json.Nodes.JsonNode Find(Answer answer) =>
        answer.Json["checks"]!.AsArray().Single(static check => (string)check!["name"]! == "moon")!;

    private sealed class Condition : IReadinessCheck
    {
        public Func<Task<string?>> Answer { get; set; } = () => Task.FromResult<string?>(null);

        public string Name => "moon";

        public bool Required { get; init; } = true;

        public Task<string?> Check(CancellationToken cancellationToken) => Answer();
    }
}
