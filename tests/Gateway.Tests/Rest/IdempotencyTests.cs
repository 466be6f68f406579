namespace Mesh.Gateway.Tests.Rest;

/// <summary>A command that is sent twice under one Idempotency-Key is done once.</summary>
public sealed class IdempotencyTests(RestServer server) : IClassFixture<RestServer>
{
    private readonly string _service = $"/v1/services/default/s-{Guid.NewGuid():N}";

    [Fact]
    public async Task A_repeated_put_is_201_again_and_without_a_key_it_is_200()
    {
        Assert.Equal(201, (await Put("one")).Status);
        Assert.Equal(201, (await Put("one")).Status);
        Assert.Equal(200, (await Put(null)).Status);
    }

    [Fact]
    public async Task A_repeated_removal_of_a_services_last_endpoint_is_200_again()
    {
        await Put(null);
        var first = await Send(HttpMethod.Delete, "endpoints/a", null, "gone");

        var second = await Send(HttpMethod.Delete, "endpoints/a", null, "gone");

        Assert.Equal((200, first.Text), (second.Status, second.Text));
        Assert.Equal(404, (await Send(HttpMethod.Delete, "endpoints/a", null, "another")).Status);
        Assert.Equal(404, (await Send(HttpMethod.Delete, "endpoints/a", null, null)).Status);
    }

    [Fact]
    public async Task A_repeated_ejection_ends_when_the_first_was_to_end()
    {
        await Put(null);
        var first = await Send(HttpMethod.Post, "endpoints/a/eject", """{"duration":"5m"}""", "out");

        var second = await Send(HttpMethod.Post, "endpoints/a/eject", """{"duration":"5m"}""", "out");

        Assert.Equal((string)first.Json["ejectedUntil"]!, (string)second.Json["ejectedUntil"]!);
    }

    [Fact]
    public async Task A_document_put_again_is_no_conflict_and_keeps_its_version()
    {
        var name = $"n-{Guid.NewGuid():N}";
        var path = $"/v1/policies/DestinationRule/default/{name}";
        var body = $$"""{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"{{name}}","namespace":"default"},"spec":{"host":"{{name}}"} }""";
        Task<Answer> Store(string key) => server.Send(HttpMethod.Put, path, body, "application/json", ("Idempotency-Key", key), ("If-None-Match", "*"));

        var answers = new[] { await Store("one"), await Store("one"), await Store("two") };

        Assert.Equal([201, 201, 412], answers.Select(answer => answer.Status));
        Assert.Equal("\"1\"", answers[1].Headers.ETag!.Tag);
        var gone = new[] { await Remove("three"), await Remove("three"), await Remove("four"), await Remove("one") };
        Assert.Equal([200, 200, 404, 409], gone.Select(answer => answer.Status));

        Task<Answer> Remove(string key) => server.Send(HttpMethod.Delete, path, null, null, ("Idempotency-Key", key));
    }

    [Fact]
    public async Task The_same_key_on_another_command_is_409()
    {
        await Put("one");

        Assert.Equal(["operation"], (await Send(HttpMethod.Post, "endpoints/a/drain", null, "one")).Refusal(409));
    }

    [Theory]
    [InlineData("two words")]
    [InlineData("")]
    public async Task A_key_that_is_none_is_refused(string key)
    {
        Assert.Equal(["Idempotency-Key"], (await Put(key)).Refusal(400));
        Assert.Equal(["Idempotency-Key"], (await Put(new string('k', 129))).Refusal(400));
    }

    [Fact]
    public async Task The_answer_names_the_key_also_when_the_gateway_chose_it()
    {
        Assert.Equal(["mine"], (await Put("mine")).Headers.GetValues("Idempotency-Key"));
        Assert.Matches("^[A-Za-z0-9_-]{22}$", Assert.Single((await Put(null)).Headers.GetValues("Idempotency-Key")));
    }

    [Fact]
    public async Task The_document_of_the_API_says_which_paths_take_it()
    {
        var paths = (await server.Get("/v1/openapi.json")).Json["paths"]!.AsObject();
        var takes = paths.SelectMany(path => path.Value!.AsObject())
            .Count(operation => operation.Value!["parameters"]?.AsArray().Any(one => (string)one!["name"]! == "Idempotency-Key") == true);

        Assert.Equal(7, takes);
    }

    private Task<Answer> Put(string? key) => Send(HttpMethod.Put, "endpoints/a", """{"address":"10.0.0.1","port":80}""", key);

    private Task<Answer> Send(HttpMethod method, string path, string? body, string? key) =>
        server.Send(method, $"{_service}/{path}", body, "application/json", key is null ? [] : [("Idempotency-Key", key)]);
}
