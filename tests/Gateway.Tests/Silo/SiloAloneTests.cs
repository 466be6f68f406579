using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Gateway.Drain;
using Mesh.Gateway.Tests.Rest;
using Mesh.Grains.Cluster;
using Mesh.Silo;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Console;

namespace Mesh.Gateway.Tests.Silo;

/// <summary>A silo without a gateway: supervisors and monitors ask it, and nobody else.</summary>
public sealed class SiloAloneTests : IAsyncLifetime
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("mesh-alone-");
    private readonly OneOfTwo _members = new();
    private readonly Drain _drain = new();
    private WebApplication _app = null!;
    private HttpClient _http = null!;

    public async ValueTask InitializeAsync()
    {
        _app = MeshSilo.Build(
            new SiloOptions { Role = SiloRole.Grains, GrpcPort = 0, RestPort = 0, DataDirectory = _data.FullName },
            builder =>
            {
                foreach (var console in builder.Services.Where(static s => s.ImplementationType == typeof(ConsoleLoggerProvider)).ToArray())
                {
                    builder.Services.Remove(console);
                }

                builder.Services.AddSingleton<IClusterMembers>(_members);
                builder.Services.AddSingleton<IDrainStatus>(_drain);
            });
        await _app.StartAsync();
        _http = new HttpClient { BaseAddress = MeshSilo.Addresses(_app).OfRest, Timeout = Eventually.Limit };
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _data.Delete(recursive: true);
    }

    [Fact]
    public async Task It_answers_health_readiness_and_metrics()
    {
        var health = await Get("/healthz");
        Assert.Equal((200, "ok\n"), (health.Status, health.Text));
        await Eventually.True(async () => (await Get("/readyz")).Status == 200);
        Assert.Equal(
            ["grains", "drain", "member", "storage"], (await Get("/readyz")).Json["checks"]!.AsArray().Select(static check => (string)check!["name"]!));
        Assert.Contains("mesh_store_up{store=\"sqlite\"} 1\n", (await Get("/metrics")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_has_no_api_and_no_port_for_streams()
    {
        Assert.Single(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses);
        foreach (var path in (string[])["/", "/v1/services", "/v1/status", "/v1/openapi.json"])
        {
            var answer = await Get(path);
            answer.Refusal(404);
            Assert.Contains("without a gateway", answer.Text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(SiloState.Joining)]
    [InlineData(SiloState.Draining)]
    [InlineData(SiloState.Dead)]
    [InlineData(null)]
    public async Task It_is_ready_only_while_it_is_an_active_member(SiloState? state)
    {
        await Eventually.True(async () => (await Get("/readyz")).Status == 200);
        _members.State = state;
        await Eventually.True(async () => (await Get("/readyz")).Status == 503);
        Assert.Equal("member", Failing(await Get("/readyz")));
        Assert.Equal(200, (await Get("/healthz")).Status);
        _members.State = SiloState.Active;
        await Eventually.True(async () => (await Get("/readyz")).Status == 200);
    }

    [Fact]
    public async Task It_is_not_ready_while_it_leaves()
    {
        await Eventually.True(async () => (await Get("/readyz")).Status == 200);
        _drain.Phase = DrainPhase.Announcing;
        var answer = await Get("/readyz");
        Assert.Equal((503, "drain"), (answer.Status, Failing(answer)));
    }

    private static string Failing(Answer answer) => (string)answer.Json["checks"]!.AsArray().Single(static check => !(bool)check!["ok"]!)!["name"]!;

    private async Task<Answer> Get(string path)
    {
        using var response = await _http.GetAsync(new Uri(path, UriKind.Relative));
        return await Answer.Read(response);
    }

    private sealed class OneOfTwo : IClusterMembers
    {
        public string Me => "127.0.0.1:1@1";

        public SiloState? State { get; set; } = SiloState.Active;

        ImmutableArray<SiloMember> IClusterMembers.Members =>
            State is { } state ? [new SiloMember("127.0.0.1:2@1", "other", SiloState.Active, default), new SiloMember(Me, "me", state, default)] : [];
    }

    private sealed class Drain : IDrainStatus
    {
        public DrainPhase Phase { get; set; }

        public int Streams => 0;
    }
}
