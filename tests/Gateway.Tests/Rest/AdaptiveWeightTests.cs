using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Latency;
using Mesh.Core.Outliers;
using Microsoft.Extensions.DependencyInjection;
using Orleans;

namespace Mesh.Gateway.Tests.Rest;

public sealed class AdaptiveWeightTests(RestServer server) : IClassFixture<RestServer>
{
    private const string Path = "/v1/services/default/follows";

    [Fact]
    public async Task A_weight_that_follows_the_load_is_told_in_its_parts_with_the_reason()
    {
        foreach (var id in (string[])["a", "b"])
        {
            await server.Put($"{Path}/endpoints/{id}", """{"address":"10.0.0.1","port":80,"weight":4}""");
        }

        var stored = await server.Put("/v1/policies/DestinationRule/default/follows", """
            {"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"follows","namespace":"default"},
             "spec":{"host":"follows","trafficPolicy":{"loadBalancer":{"simple":"ROUND_ROBIN","adaptiveWeights":{"interval":"100ms"}}}}}
            """);
        Assert.Equal(201, stored.Status);
        var grain = server.App.Services.GetRequiredService<IGrainFactory>().GetGrain<IServiceGrain>("default/follows");
        var limit = DateTime.UtcNow + Eventually.Limit;
        while ((double)(await Endpoint("b"))["effectiveWeight"]! > 3.9)
        {
            Assert.True(DateTime.UtcNow < limit, "the slow endpoint keeps its weight");
            await grain.Report(new ServiceReport { Service = new("default", "follows"), Reporter = "test", Observations = [Seen("a", 0.01), Seen("b", 0.08)] });
        }

        var weight = (await server.Get($"{Path}/explain?endpoint=b")).Json["endpoints"]![0]!["weight"]!;
        var factor = Assert.Single(weight["factors"]!.AsArray())!;
        Assert.Equal((4, "adaptive"), ((int)weight["configured"]!, (string)factor["name"]!));
        Assert.Equal((double)weight["effective"]!, 4 * (double)factor["factor"]!, 0.01);
        Assert.Matches("^80 ms against 10 ms at its peers, .* in flight: [0-9]+ %$", (string)factor["reason"]!);

        await server.Delete("/v1/policies/DestinationRule/default/follows");
        Assert.Equal(4, (double)(await Endpoint("b"))["effectiveWeight"]!);
    }

    private async Task<System.Text.Json.Nodes.JsonNode> Endpoint(string id) => (await server.Get($"{Path}/endpoints/{id}")).Json;

    private static EndpointObservation Seen(string id, double seconds) => new()
    {
        EndpointId = id,
        Succeeded = 100,
        Latency = LatencySketch.Of(Enumerable.Repeat(seconds, 100)),
        InFlightSeconds = 100 * seconds,
    };
}
