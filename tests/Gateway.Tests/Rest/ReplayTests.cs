using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Outliers;
using Mesh.Core.Replay;
using Mesh.Gateway.Rest;
using Mesh.Gateway.Rest.Replay;
using Microsoft.Extensions.DependencyInjection;
using Orleans;

namespace Mesh.Gateway.Tests.Rest;

public sealed class ReplayTests(RestServer server) : IClassFixture<RestServer>
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    [Fact]
    public async Task A_policy_is_tried_on_what_was_reported_next_to_the_one_in_force_and_nothing_changes()
    {
        await Recorded("greeter", Frame(-600, Failed("a", 5), Served("b", 95)), Frame(-599, Failed("a", 40) with { Succeeded = 10 }));
        var before = (await server.Get("/v1/services/default/greeter")).Json["version"]!.ToString();

        var answer = await Replay("greeter", 50);

        Assert.Equal(200, answer.Status);
        var replay = answer.Json;
        Assert.Equal(("default/greeter", "DestinationRule/default/greeter"), ((string)replay["service"]!, (string)replay["document"]!));
        Assert.Equal((2, 150, 45, 2), ((int)replay["frames"]!, (int)replay["requests"]!, (int)replay["failures"]!, (int)replay["endpoints"]!));
        var candidate = replay["candidate"]!;
        Assert.Equal((1, 40, 10), ((int)candidate["ejections"]!, (int)candidate["saved"]!, (int)candidate["displaced"]!));
        Assert.Equal(50 / 150.0, (double)candidate["moved"]!, 6);
        var ejection = candidate["endpoints"]![0]!["ejections"]![0]!;
        Assert.Equal("Consecutive5xx", (string)ejection["evidence"]!["detector"]!);
        Assert.Equal(0, (int)replay["inForce"]!["ejections"]!);
        Assert.Equal(1, (int)replay["inForce"]!["refusals"]!);
        Assert.Equal(before, (await server.Get("/v1/services/default/greeter")).Json["version"]!.ToString());
        (await server.Get("/v1/policies/DestinationRule/default/greeter")).Refusal(404);
    }

    [Fact]
    public async Task Only_what_is_young_enough_is_replayed()
    {
        await Recorded("young", Frame(-3000, Failed("a", 5)), Frame(-60, Failed("a", 1)));

        var replay = (await Replay("young", 50, "?since=10m")).Json;

        Assert.Equal((1, 1), ((int)replay["frames"]!, (int)replay["failures"]!));
        Assert.Contains(replay["caveats"]!.AsArray(), static caveat => ((string)caveat!).Contains("later than asked for", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_service_without_a_recording_says_so_and_what_cannot_be_read_is_told()
    {
        await Recorded("silent");
        Assert.Contains((await Replay("silent", 50)).Json["caveats"]!.AsArray(), static caveat => ((string)caveat!).StartsWith("Nothing was recorded", StringComparison.Ordinal));

        await Archive("silent").Append([new ReportBlock(Now, Now, 1, new byte[] { 9, 9, 9 })]);
        Assert.Contains((await Replay("silent", 50)).Json["caveats"]!.AsArray(), static caveat => ((string)caveat!).StartsWith("1 pieces", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_replay_leaves_out_is_said_where_it_matters()
    {
        await Recorded("checked", Frame(-60, Served("a", 1)));
        var caveats = (await server.Send(HttpMethod.Post, "/v1/replay", """
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {name: checked}
            spec:
              host: checked
              trafficPolicy:
                healthCheck: {httpHealthCheck: {path: /healthz}}
            """, "application/yaml")).Json["caveats"]!.AsArray().Select(static caveat => (string)caveat!);
        Assert.Contains(caveats, static caveat => caveat.StartsWith("Active checks are not replayed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_cannot_be_replayed_is_refused_as_when_applying()
    {
        Assert.Equal(["since"], (await Replay("greeter", 50, "?since=25h")).Refusal(400));
        Assert.Equal(["since", "from"], (await Replay("greeter", 50, "?since=soon&from=then")).Refusal(400));
        Assert.Contains("maxEjectionPercent", Assert.Single((await Replay("greeter", 500)).Refusal(400)), StringComparison.Ordinal);
        Assert.Equal(["service"], (await Replay("nobody", 50)).Refusal(404));
        Assert.Equal(413, (await server.Send(HttpMethod.Post, "/v1/replay", new string(' ', 300_000), "application/yaml")).Status);
        Assert.Equal(415, (await server.Send(HttpMethod.Post, "/v1/replay", "<a/>", "application/xml")).Status);
    }

    [Fact]
    public void No_more_replays_run_at_once_than_the_limit_allows()
    {
        var places = new ReplayPlaces(new RestLimits { Replays = 1 });
        using (places.Enter())
        {
            Assert.Null(places.Enter());
        }

        Assert.NotNull(places.Enter());
    }

    [Fact]
    public async Task A_replay_that_takes_too_long_is_given_up()
    {
        await using var own = new RestServer(static builder => builder.Services.AddSingleton(new RestLimits { ReplayTime = TimeSpan.Zero }));
        await own.InitializeAsync();
        await own.Put("/v1/services/default/slow/endpoints/a", """{"address":"10.0.0.1","port":80}""");
        var answer = await own.Send(HttpMethod.Post, "/v1/replay", Document("slow", 50), "application/yaml");
        Assert.Equal(["since"], answer.Refusal(503));
    }

    private static EndpointObservation Served(string endpoint, long count) => new() { EndpointId = endpoint, Succeeded = count };

    private static EndpointObservation Failed(string endpoint, long count) => new() { EndpointId = endpoint, Failed = count };

    private static RecordedFrame Frame(double seconds, params ImmutableArray<EndpointObservation> seen) => new(Now + TimeSpan.FromSeconds(seconds), [], [], seen);

    private static string Document(string service, int percent) => $$"""
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: {{service}}}
        spec:
          host: {{service}}
          trafficPolicy:
            outlierDetection: {consecutive5xxErrors: 5, maxEjectionPercent: {{percent}} }
        """;

    private IReportArchiveGrain Archive(string service) =>
        server.App.Services.GetRequiredService<IGrainFactory>().GetGrain<IReportArchiveGrain>($"default/{service}");

    private Task<Answer> Replay(string service, int percent, string query = "") =>
        server.Send(HttpMethod.Post, $"/v1/replay{query}", Document(service, percent), "application/yaml");

    private async Task Recorded(string service, params RecordedFrame[] frames)
    {
        await server.Put($"/v1/services/default/{service}/endpoints/a", """{"address":"10.0.0.1","port":80}""");
        if (frames.Length > 0)
        {
            var members = ImmutableArray.Create("a", "b").Select(static id => new RecordedMember(id, 1, true, Locality.Unknown));
            frames[0] = frames[0] with { Members = [.. members] };
            await Archive(service).Append([new ReportBlock(frames[0].At, frames[^1].At, frames.Length, FrameCodec.Encode(frames))]);
        }
    }
}
