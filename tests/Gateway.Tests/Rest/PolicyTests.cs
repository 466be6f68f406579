using System.Globalization;

namespace Mesh.Gateway.Tests.Rest;

public sealed class PolicyTests(RestServer server) : IClassFixture<RestServer>
{
    private static int _names;

    private readonly string _name = string.Create(CultureInfo.InvariantCulture, $"rule-{Interlocked.Increment(ref _names)}");

    private string Path => $"/v1/policies/DestinationRule/default/{_name}";

    [Fact]
    public async Task What_a_document_says_is_shown_with_the_service()
    {
        var stored = await server.Put(Path, Yaml(3) + """
                healthCheck: {grpcHealthCheck: {serviceName: shop}, interval: 2s}
                loadBalancer:
                  warmup: {duration: 20s, aggression: 1.5}
                  adaptiveWeights: {}
                  localityLbSetting: {failover: [{from: eu, to: us}]}

            """, "application/yaml");
        Assert.True(stored.Status == 201, stored.Text);
        var policy = (await server.Get($"/v1/services/default/{_name}")).Json["policy"]!;
        Assert.Equal("Grpc", (string)policy["healthCheck"]!["protocol"]!);
        Assert.Equal("2s", (string)policy["healthCheck"]!["interval"]!);
        Assert.Equal(150, (int)policy["warmup"]!["aggression"]!);
        Assert.Equal(30, (int)policy["adaptiveWeights"]!["maximumStepPercent"]!);
        Assert.Equal("us", (string)policy["localityLbSetting"]!["failover"]![0]!["to"]!);
        Assert.Equal(1900, (int)policy["outlierDetection"]!["successRateStdevFactor"]!);
        Assert.Equal("20ms", (string)policy["outlierDetection"]!["latencyMinimumDifference"]!);
    }

    [Fact]
    public async Task A_split_is_put_beside_the_policy_shown_with_the_service_and_taken_away()
    {
        var path = $"/v1/policies/VirtualService/default/{_name}";
        await server.Put(Path, Yaml(3), "application/yaml");

        var stored = await server.Put(path, Split(90), "application/yaml");
        Assert.True(stored.Status == 201, stored.Text);
        Assert.Equal(("VirtualService", $"default/{_name}"), ((string)stored.Json["kind"]!, (string)stored.Json["boundTo"]!));

        var service = (await server.Get($"/v1/services/default/{_name}")).Json;
        Assert.Equal($"DestinationRule/default/{_name}@1", (string)service["policy"]!["source"]!);
        Assert.Equal(($"VirtualService/default/{_name}@1", "canary"), ((string)service["routing"]!["source"]!, (string)service["routing"]!["ruleName"]!));
        Assert.Equal(
            [($"default/{_name}", 90, 90.0, true), ($"default/{_name}-canary", 10, 10.0, false)],
            service["routing"]!["destinations"]!.AsArray().Select(static to =>
                ((string)to!["service"]!, (int)to["weight"]!, (double)to["sharePercent"]!, (bool)to["exists"]!)));

        Assert.Equal(2, (long)(await server.Put(path, Split(80), "application/yaml", ("If-Match", "\"1\""))).Json["version"]!);
        Assert.Contains(
            (await server.Get("/v1/policies?kind=VirtualService&limit=1000")).Json["items"]!.AsArray(), item => (string)item!["name"]! == _name);
        Assert.Equal(["spec.http[0].match[0]"], (await server.Put(path, Split(80).Replace("route:", "match: [{uri: {prefix: /v2}}]\n      route:", StringComparison.Ordinal), "application/yaml")).Refusal(400));
        Assert.Equal(["kind"], (await server.Put(path, Yaml(3), "application/yaml")).Refusal(400));
        Assert.Equal(["spec.hosts"], (await server.Put($"{path}-2", Split(70).Replace($"name: {_name}", $"name: {_name}-2", StringComparison.Ordinal), "application/yaml")).Refusal(409));

        Assert.Equal(200, (await server.Send(HttpMethod.Delete, path)).Status);
        Assert.Null((await server.Get($"/v1/services/default/{_name}")).Json["routing"]);

        string Split(int weight) => $$"""
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata:
              name: {{_name}}
            spec:
              hosts: [{{_name}}]
              http:
                - name: canary
                  route:
                    - destination: {host: {{_name}}}
                      weight: {{weight}}
                    - destination: {host: {{_name}}-canary}
                      weight: {{100 - weight}}
            """;
    }

    [Fact]
    public async Task YAML_and_JSON_mean_the_same_document()
    {
        var created = await server.Put(Path, Yaml(3), "application/yaml");
        Assert.True(created.Status == 201, created.Text);
        Assert.Equal("\"1\"", created.Headers.ETag!.Tag);
        Assert.Equal(Path, created.Headers.Location!.ToString());
        var same = await server.Put(Path, created.Json["document"]!.ToJsonString());
        Assert.Equal(200, same.Status);
        Assert.Equal(1, (long)same.Json["version"]!);
        var service = await server.Get($"/v1/services/default/{_name}");
        Assert.Equal(3, (int)service.Json["policy"]!["outlierDetection"]!["consecutive5xx"]!);
        Assert.Equal($"DestinationRule/default/{_name}@1", (string)service.Json["policy"]!["source"]!);
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("text/plain; charset=utf-8")]
    [InlineData(null)]
    public async Task A_body_that_does_not_say_what_it_is_gets_looked_at(string? type) =>
        Assert.Equal(201, (await server.Put(Path, Yaml(3), type)).Status);

    [Theory]
    [InlineData("application/xml")]
    [InlineData("image/png")]
    [InlineData("multipart/form-data; boundary=x")]
    public async Task A_body_of_another_world_is_refused(string type) =>
        Assert.Equal(["Content-Type"], (await server.Put(Path, Yaml(3), type)).Refusal(415));

    [Fact]
    public async Task A_dry_run_says_what_would_happen_and_changes_nothing()
    {
        var rehearsed = await server.Put($"{Path}?dryRun=true", Yaml(3), "application/yaml");
        Assert.Equal(200, rehearsed.Status);
        Assert.True((bool)rehearsed.Json["dryRun"]!);
        (await server.Get(Path)).Refusal(404);
        Assert.NotEmpty((await server.Put($"{Path}?dryRun=true", Yaml(3).Replace("interval", "intervall", StringComparison.Ordinal), "application/yaml")).Refusal(400));
        Assert.Equal(["dryRun"], (await server.Put($"{Path}?dryRun=1", Yaml(3), "application/yaml")).Refusal(400));
    }

    [Fact]
    public async Task A_version_that_is_not_current_changes_nothing()
    {
        await server.Put(Path, Yaml(3), "application/yaml");
        var second = await server.Put(Path, Yaml(4), "application/yaml", ("If-Match", "\"1\""));
        Assert.Equal("\"2\"", second.Headers.ETag!.Tag);
        (await server.Put(Path, Yaml(5), "application/yaml", ("If-Match", "\"1\""))).Refusal(412);
        (await server.Put(Path, Yaml(5), "application/yaml", ("If-None-Match", "*"))).Refusal(412);
        (await server.Send(HttpMethod.Delete, Path, null, null, ("If-Match", "\"1\""))).Refusal(412);
        Assert.Equal(2, (long)(await server.Get(Path)).Json["version"]!);
        Assert.Equal(200, (await server.Put(Path, Yaml(6), "application/yaml", ("If-Match", "*"))).Status);
    }

    [Fact]
    public async Task If_none_match_star_creates_only()
    {
        Assert.Equal(201, (await server.Put(Path, Yaml(3), "application/yaml", ("If-None-Match", "*"))).Status);
        (await server.Put(Path, Yaml(4), "application/yaml", ("If-None-Match", "*"))).Refusal(412);
    }

    [Fact]
    public async Task If_match_star_does_not_create() =>
        (await server.Put(Path, Yaml(3), "application/yaml", ("If-Match", "*"))).Refusal(412);

    [Theory]
    [InlineData("If-Match", "1")]
    [InlineData("If-Match", "W/\"1\"")]
    [InlineData("If-Match", "\"one\"")]
    [InlineData("If-Match", "\"-1\"")]
    [InlineData("If-None-Match", "\"1\"")]
    public async Task A_precondition_that_means_nothing_is_refused_by_its_header(string header, string value) =>
        Assert.Equal([header], (await server.Put(Path, Yaml(3), "application/yaml", (header, value))).Refusal(400));

    [Fact]
    public async Task Who_has_the_current_version_gets_no_body()
    {
        await server.Put(Path, Yaml(3), "application/yaml");
        var answer = await server.Send(HttpMethod.Get, Path, null, null, ("If-None-Match", "\"7\", \"1\""));
        Assert.Equal((304, ""), (answer.Status, answer.Text));
        Assert.Equal(200, (await server.Send(HttpMethod.Get, Path, null, null, ("If-None-Match", "\"7\""))).Status);
    }

    [Fact]
    public async Task A_removed_document_takes_its_policy_with_it()
    {
        await server.Put($"/v1/services/default/{_name}/endpoints/a", """{"address":"10.0.0.1","port":80}""");
        await server.Put(Path, Yaml(3), "application/yaml");
        Assert.Equal(200, (await server.Delete(Path)).Status);
        (await server.Get(Path)).Refusal(404);
        (await server.Delete(Path)).Refusal(404);
        Assert.Null((await server.Get($"/v1/services/default/{_name}")).Json["policy"]!["source"]);
    }

    [Fact]
    public async Task Documents_are_listed_by_kind_and_namespace_in_pages()
    {
        foreach (var name in new[] { "a", "b", "c" })
        {
            var text = Yaml(3).Replace(_name, name, StringComparison.Ordinal).Replace("default", "listed", StringComparison.Ordinal);
            Assert.Equal(201, (await server.Put($"/v1/policies/DestinationRule/listed/{name}", text, "application/yaml")).Status);
        }

        var first = await server.Get("/v1/policies?namespace=listed&limit=2");
        Assert.Equal(["a", "b"], first.Json["items"]!.AsArray().Select(static item => (string)item!["name"]!));
        var second = await server.Get($"/v1/policies?namespace=listed&limit=2&continue={(string)first.Json["continue"]!}");
        Assert.Equal(["c"], second.Json["items"]!.AsArray().Select(static item => (string)item!["name"]!));
        Assert.Empty((await server.Get("/v1/policies?namespace=listed&kind=VirtualService")).Json["items"]!.AsArray());
    }

    [Fact]
    public async Task A_document_that_is_refused_leaves_in_force_what_is()
    {
        await server.Put(Path, Yaml(3), "application/yaml");
        var refused = await server.Put(Path, Yaml(4) + "    tls:\n      mode: SIMPLE\n", "application/yaml");
        Assert.Contains(refused.Refusal(400), field => field.Contains("tls", StringComparison.Ordinal));
        Assert.Equal(1, (long)(await server.Get(Path)).Json["version"]!);
    }

    [Fact]
    public async Task A_document_of_another_name_than_its_path_is_refused() =>
        (await server.Put("/v1/policies/DestinationRule/default/another", Yaml(3), "application/yaml")).Refusal(400);

    private string Yaml(int failures) => $"""
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: {_name}
          namespace: default
        spec:
          host: {_name}
          trafficPolicy:
            outlierDetection:
              consecutive5xxErrors: {failures}
              interval: 5s

        """;
}
