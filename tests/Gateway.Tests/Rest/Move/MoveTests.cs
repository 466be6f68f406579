using System.Text.Json.Nodes;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Outliers;
using Microsoft.Extensions.DependencyInjection;
using Orleans;

namespace Mesh.Gateway.Tests.Rest.Move;

/// <summary>Moving house over HTTP, from one whole control plane to another.</summary>
public sealed class MoveTests : IAsyncLifetime
{
    private const string Rule = """
        {"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"cart","namespace":"shop"},
         "spec":{"host":"cart.shop.svc.cluster.local","trafficPolicy":{"outlierDetection":{"consecutive5xxErrors":3,"baseEjectionTime":"2h","maxEjectionPercent":50}}}}
        """;

    private readonly RestServer _old = new();
    private readonly RestServer _new = new();

    public async ValueTask InitializeAsync() => await Task.WhenAll(_old.InitializeAsync().AsTask(), _new.InitializeAsync().AsTask());

    public async ValueTask DisposeAsync()
    {
        await _old.DisposeAsync();
        await _new.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_mesh_moves_with_its_documents_versions_ejections_and_ledger()
    {
        await Furnish();
        var file = await Export(_old);

        var answer = await Import(_new, file);

        Assert.True((bool)answer["complete"]!, answer.ToString());
        Assert.Equal(["policy 1", "service 2", "entry 2", "endpoint 5"], answer["done"]!.AsArray().Select(static done => $"{done!["type"]} {(int)done["written"]! + (int)done["equal"]!}"));
        Assert.Equal(Body(file), Body(await Export(_new)));
        Assert.Equal("\"2\"", (await _new.Get("/v1/policies/DestinationRule/shop/cart")).Headers.ETag!.Tag);
        var ejected = (await _new.Get("/v1/services/shop/cart/endpoints/a")).Json;
        Assert.Equal("Ejected", (string)ejected["status"]!);
        Assert.Equal(1, (int)ejected["ejectionMultiplier"]!);
        Assert.Equal("Draining", (string)(await _new.Get("/v1/services/shop/cart/endpoints/b")).Json["status"]!);
        Assert.Equal(2, (int)(await _new.Get("/v1/services/shop/cart/ledger")).Json["last"]!);
    }

    [Fact]
    public async Task The_same_import_again_changes_nothing()
    {
        await Furnish();
        var file = await Export(_old);
        await Import(_new, file);

        var again = await Import(_new, file);

        Assert.True((bool)again["complete"]!);
        Assert.All(again["done"]!.AsArray(), static done => Assert.Equal((0, 0, 0), ((int)done!["written"]!, (int)done["skipped"]!, (int)done["refused"]!)));
        Assert.Equal(Body(file), Body(await Export(_new)));
    }

    [Fact]
    public async Task What_runs_wins_unless_it_is_to_be_replaced()
    {
        await Furnish();
        var file = await Export(_old);
        await _new.Put("/v1/services/shop/cart/endpoints/a", """{"address":"10.9.9.9","port":1,"instanceId":"other"}""");

        var refused = await Import(_new, file, "?dryRun=true");
        Assert.False((bool)refused["complete"]!);
        var line = Assert.Single(refused["lines"]!.AsArray())!;
        Assert.Equal(("shop/cart/a", "Refused", "id"), ((string)line["name"]!, (string)line["result"]!, (string)line["problems"]![0]!["field"]!));
        Assert.Contains("10.9.9.9:1", (string)line["problems"]![0]!["detail"]!, StringComparison.Ordinal);
        Assert.Equal(404, (await _new.Get("/v1/services/shop/cart/endpoints/b")).Status);

        var skipped = await Import(_new, file, "?onConflict=skip");
        Assert.True((bool)skipped["complete"]!);
        Assert.Equal("Skipped", (string)Assert.Single(skipped["lines"]!.AsArray())!["result"]!);
        Assert.Equal("10.9.9.9", (string)(await _new.Get("/v1/services/shop/cart/endpoints/a")).Json["address"]!);

        var replaced = await Import(_new, file, "?onConflict=replace");
        Assert.True((bool)replaced["complete"]!);
        Assert.Equal("Ejected", (string)(await _new.Get("/v1/services/shop/cart/endpoints/a")).Json["status"]!);
    }

    [Fact]
    public async Task A_dry_run_reads_to_the_end_and_writes_nothing()
    {
        await Furnish();
        var before = Body(await Export(_new));

        var answer = await Import(_new, await Export(_old), "?dryRun=true");

        Assert.True((bool)answer["complete"]!);
        Assert.True((bool)answer["dryRun"]!);
        Assert.Equal(5, (int)answer["done"]![3]!["written"]!);
        Assert.Equal(before, Body(await Export(_new)));
    }

    private async Task Furnish()
    {
        Assert.Equal(201, (await _old.Put("/v1/policies/DestinationRule/shop/cart", Rule.Replace("2h", "1h", StringComparison.Ordinal))).Status);
        Assert.Equal(200, (await _old.Put("/v1/policies/DestinationRule/shop/cart", Rule)).Status);
        foreach (var (id, body) in new[]
        {
            ("a", """{"address":"10.0.0.1","port":8080,"instanceId":"i-1","lease":"1h","weight":7,"labels":{"version":"v1"},"locality":{"region":"eu","zone":"a","subZone":""}}"""),
            ("b", """{"address":"10.0.0.2","port":8080}"""),
            ("c", """{"address":"fd00::3","port":8080}"""),
            ("d", """{"address":"10.0.0.4","port":8080}"""),
        })
        {
            Assert.Equal(201, (await _old.Put($"/v1/services/shop/cart/endpoints/{id}", body)).Status);
        }

        Assert.Equal(201, (await _old.Put("/v1/services/default/alone/endpoints/x", """{"address":"10.0.1.1","port":1}""")).Status);
        await Report("a", 3);
        await Report("c", 2);
        Assert.Equal(200, (await _old.Post("/v1/services/shop/cart/endpoints/b/drain")).Status);
    }

    private Task<ReportAnswer> Report(string endpoint, int failed) => _old.App.Services.GetRequiredService<IGrainFactory>().GetGrain<IServiceGrain>("shop/cart").Report(new ServiceReport
    {
        Service = new ServiceId("shop", "cart"),
        Reporter = "test",
        Observations = [new EndpointObservation { EndpointId = endpoint, Failed = failed }],
    });

    private static async Task<string> Export(RestServer server)
    {
        var answer = await server.Get("/v1/export");
        Assert.Equal((200, "application/x-ndjson"), (answer.Status, answer.Type));
        return answer.Text;
    }

    private static async Task<JsonNode> Import(RestServer server, string file, string query = "")
    {
        var answer = await server.Send(HttpMethod.Post, $"/v1/import{query}", file, "application/x-ndjson");
        Assert.True(answer.Status == 200, answer.Text);
        return answer.Json;
    }

    /// <summary>All but the header, which says when.</summary>
    private static string Body(string file) => file[(file.IndexOf('\n', StringComparison.Ordinal) + 1)..];
}
