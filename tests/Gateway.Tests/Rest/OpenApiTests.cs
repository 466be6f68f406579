using System.Text.Json.Nodes;

namespace Mesh.Gateway.Tests.Rest;

public sealed class OpenApiTests(RestServer server) : IClassFixture<RestServer>
{
    private static readonly string[] Paths =
    [
        "/healthz", "/metrics", "/readyz", "/v1/events", "/v1/export", "/v1/import", "/v1/limits", "/v1/policies",
        "/v1/policies/{kind}/{ns}/{name}", "/v1/proxies", "/v1/proxies/{node}", "/v1/proxies/{node}/config", "/v1/replay", "/v1/services", "/v1/services/{ns}/{name}", "/v1/services/{ns}/{name}/endpoints",
        "/v1/services/{ns}/{name}/endpoints/{id}", "/v1/services/{ns}/{name}/endpoints/{id}/drain",
        "/v1/services/{ns}/{name}/endpoints/{id}/eject", "/v1/services/{ns}/{name}/endpoints/{id}/heartbeat",
        "/v1/services/{ns}/{name}/endpoints/{id}/restore", "/v1/services/{ns}/{name}/explain", "/v1/services/{ns}/{name}/ledger", "/v1/status",
    ];

    [Fact]
    public async Task The_document_has_every_path_and_each_operation_says_what_it_does_and_how_it_refuses()
    {
        var document = (await server.Get("/v1/openapi.json")).Json;
        var paths = document["paths"]!.AsObject();
        Assert.Equal(Paths, paths.Select(static path => path.Key).Order(StringComparer.Ordinal));
        foreach (var (path, operations) in paths)
        {
            foreach (var (_, operation) in operations!.AsObject())
            {
                Check(path, operation!);
            }
        }
    }

    [Fact]
    public async Task Bodies_and_query_parameters_are_described()
    {
        var document = (await server.Get("/v1/openapi.json")).Json;
        var put = document["paths"]!["/v1/services/{ns}/{name}/endpoints/{id}"]!["put"]!;
        Assert.Equal("#/components/schemas/EndpointPut", (string)put["requestBody"]!["content"]!["application/json"]!["schema"]!["$ref"]!);
        Assert.NotNull(document["components"]!["schemas"]!["EndpointPut"]!["properties"]!["address"]);
        var policy = document["paths"]!["/v1/policies/{kind}/{ns}/{name}"]!["put"]!;
        Assert.NotNull(policy["requestBody"]!["content"]!["application/yaml"]);
        var list = document["paths"]!["/v1/services"]!["get"]!["parameters"]!.AsArray();
        Assert.Equal(["namespace", "limit", "continue"], list.Select(static parameter => (string)parameter!["name"]!));
    }

    private static void Check(string path, JsonNode operation)
    {
        Assert.NotEmpty((string)operation["summary"]!);
        Assert.NotEmpty((string)operation["operationId"]!);
        Assert.All(operation["parameters"]?.AsArray() ?? [], static parameter => Assert.NotEmpty((string)parameter!["description"]!));
        if (path.StartsWith("/v1/", StringComparison.Ordinal) && path != "/v1/limits")
        {
            foreach (var (status, response) in operation["responses"]!.AsObject().Where(static r => r.Key[0] is '4' or '5'))
            {
                Assert.True(response!["content"]?["application/problem+json"] is not null, $"{path} {status}");
            }

            Assert.NotNull(operation["responses"]!["400"]);
        }
    }
}
