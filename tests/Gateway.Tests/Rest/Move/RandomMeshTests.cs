using System.Globalization;
using System.Text.Json.Nodes;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Outliers;
using Microsoft.Extensions.DependencyInjection;
using Orleans;

namespace Mesh.Gateway.Tests.Rest.Move;

/// <summary>Whatever a mesh went through, out of one control plane and into another it is the same, byte by byte; and so it is taken back as what is there already.</summary>
public sealed class RandomMeshTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task What_comes_out_of_the_new_house_is_what_came_out_of_the_old_one(int seed)
    {
        await using RestServer old = new(), young = new();
        await Task.WhenAll(old.InitializeAsync().AsTask(), young.InitializeAsync().AsTask());
        await Live(old, new Random(seed));
        var file = (await old.Get("/v1/export")).Text;

        var there = await Import(young, file);
        var back = await Import(old, (await young.Get("/v1/export")).Text);

        Assert.True((bool)there["complete"]!, there.ToString());
        Assert.Equal(Body(file), Body((await young.Get("/v1/export")).Text));
        Assert.True((bool)back["complete"]!, back.ToString());
        Assert.All(back["done"]!.AsArray(), static done => Assert.Equal(0, (int)done!["written"]!));
        Assert.Equal(Body(file), Body((await old.Get("/v1/export")).Text));
    }

    private static async Task Live(RestServer server, Random random)
    {
        var grains = server.App.Services.GetRequiredService<IGrainFactory>();
        for (var step = 0; step < 120; step++)
        {
            var (service, id) = ($"svc-{random.Next(4)}", $"e{random.Next(8)}");
            var path = $"/v1/services/ns-{service[^1]}/{service}";
            switch (random.Next(9))
            {
                case 0 or 1 or 2:
                    await server.Put($"{path}/endpoints/{id}", Registration(random, id));
                    break;
                case 3:
                    await server.Post($"{path}/endpoints/{id}/eject", """{"duration":"3h","reason":"by \"hand\" ü"}""");
                    break;
                case 4:
                    await server.Post($"{path}/endpoints/{id}/drain");
                    break;
                case 5:
                    await server.Post($"{path}/endpoints/{id}/restore");
                    break;
                case 6:
                    await server.Delete(random.Next(3) == 0 ? $"/v1/policies/DestinationRule/ns-{service[^1]}/{service}" : $"{path}/endpoints/{id}");
                    break;
                case 7:
                    await server.Put($"/v1/policies/DestinationRule/ns-{service[^1]}/{service}", Policy(random, service), "application/yaml");
                    break;
                default:
                    await grains.GetGrain<IServiceGrain>($"ns-{service[^1]}/{service}").Report(new ServiceReport
                    {
                        Service = new ServiceId($"ns-{service[^1]}", service),
                        Reporter = "test",
                        Observations = [new EndpointObservation { EndpointId = id, Failed = random.Next(7), Succeeded = random.Next(2) }],
                    });
                    break;
            }
        }
    }

    private static string Registration(Random random, string id) => new JsonObject
    {
        ["address"] = random.Next(2) == 0 ? "10.0.0.1" : "fd00::1",
        ["port"] = 8000 + random.Next(3),
        ["weight"] = 1 + random.Next(1000),
        ["instanceId"] = random.Next(3) == 0 ? null : $"i-{random.Next(3)}",
        ["lease"] = random.Next(2) == 0 ? null : "1h",
        ["labels"] = new JsonObject { ["name"] = $"{id} \"é\u2028" },
        ["locality"] = random.Next(2) == 0 ? null : new JsonObject { ["region"] = "eu", ["zone"] = "a", ["subZone"] = "" },
    }.ToJsonString();

    private static string Policy(Random random, string service)
    {
        var warmup = random.Next(2) == 0 ? "loadBalancer: {simple: ROUND_ROBIN, warmup: {duration: 4h}}" : "";
        return string.Create(CultureInfo.InvariantCulture, $$$"""
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {name: {{{service}}}, namespace: ns-{{{service[^1]}}}, annotations: {note: "ä <b> {{{random.Next(3)}}}"}}
            spec:
              host: {{{service}}}
              trafficPolicy:
                outlierDetection: {consecutive5xxErrors: {{{3 + random.Next(3)}}}, baseEjectionTime: 2h, maxEjectionPercent: 100}
                {{{warmup}}}
            """);
    }

    private static async Task<JsonNode> Import(RestServer server, string file) =>
        (await server.Send(HttpMethod.Post, "/v1/import", file, "application/x-ndjson")).Json;

    private static string Body(string file) => file[(file.IndexOf('\n', StringComparison.Ordinal) + 1)..];
}
