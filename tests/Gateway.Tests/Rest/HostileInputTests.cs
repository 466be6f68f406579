using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Mesh.Gateway.Tests.Rest;

/// <summary>Bad input of every kind gets an answer that says what is wrong, and the process goes on.</summary>
public sealed class HostileInputTests(RestServer server) : IClassFixture<RestServer>, IAsyncLifetime
{
    private const string Endpoint = "/v1/services/default/victim/endpoints/a";
    private const string Policy = "/v1/policies/DestinationRule/default/victim";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    // A machine that is busy may be found wanting for a moment.
    public async ValueTask DisposeAsync() => await Eventually.True(async () => (await server.Get("/readyz")).Status == 200, "It is not ready any more.");

    [Theory]
    [InlineData("{", "line 1, column 2")]
    [InlineData("{\n  \"address\": \"10.0.0.1\",\n  \"port\": 80,,\n}", "line 3, column 14")]
    [InlineData("{\"port\": 080}", "line 1, column 11")]
    [InlineData("{'port': 80}", "line 1, column 2")]
    [InlineData("{\"port\": 80} {}", "line 1, column 14")]
    [InlineData("// nothing\n{}", "line 1, column 1")]
    [InlineData("{\"port\": NaN}", "line 1, column 10")]
    public async Task Malformed_JSON_is_refused_with_its_place(string body, string place)
    {
        var answer = await server.Put(Endpoint, body);
        Assert.Equal(["body"], answer.Refusal(400));
        Assert.Equal(place, (string)answer.Json["problems"]![0]!["value"]!);
    }

    [Theory]
    [InlineData("a: [1, 2", "line 2, column 1")]
    [InlineData("a: 1\n b: 2\n", "line 2")]
    [InlineData("a: \"never closed\n", "line ")]
    [InlineData("a:\n\tb: 1", "line ")]
    [InlineData("a: 1\na: 2\n", "line 2, column 1")]
    [InlineData("a: 1\n---\nb: 2\n", "line 2")]
    [InlineData("a: &x [1]\nb: *x\n", "line 2, column 4")]
    [InlineData("a: !!python/object:os.system 1\n", "line 1")]
    [InlineData("? [a, b]\n: 1\n", "line 1")]
    [InlineData("a: .nan\n", "line 1")]
    [InlineData("a: 1e999\n", "line 1")]
    [InlineData("%TAG ! nonsense\n", "line ")]
    public async Task Malformed_YAML_is_refused_with_its_place(string body, string place)
    {
        var answer = await server.Put(Policy, body, "application/yaml");
        Assert.Equal(["body"], answer.Refusal(400));
        Assert.StartsWith(place, (string)answer.Json["problems"]![0]!["value"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# only a comment\n")]
    [InlineData("---\n")]
    [InlineData("just text")]
    [InlineData("- a\n- b\n")]
    [InlineData("null")]
    [InlineData("\0\0\0\0")]
    public async Task YAML_that_is_no_document_is_refused(string body) => (await server.Put(Policy, body, "application/yaml")).Refusal(400);

    [Fact]
    public async Task A_billion_laughs_are_refused_at_the_first_alias()
    {
        var body = new StringBuilder("a: &a [lol, lol]\n");
        for (var c = 'b'; c <= 'z'; c++)
        {
            body.Append(System.Globalization.CultureInfo.InvariantCulture, $"{c}: &{c} [*{(char)(c - 1)}, *{(char)(c - 1)}]\n");
        }

        var answer = await server.Put(Policy, body.ToString(), "application/yaml");
        Assert.Equal(["body"], answer.Refusal(400));
        Assert.Contains("alias", (string)answer.Json["detail"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[", 200_000, "application/yaml")]
    [InlineData("{", 200_000, "application/yaml")]
    [InlineData("- ", 100_000, "application/yaml")]
    [InlineData("? ", 100_000, "application/yaml")]
    [InlineData("{a: ", 60_000, "application/yaml")]
    [InlineData("[", 200_000, "application/json")]
    [InlineData("{\"a\":", 50_000, "application/json")]
    public async Task Deep_nesting_is_refused(string unit, int times, string type) =>
        Assert.Equal(["body"], (await server.Put(Policy, string.Concat(Enumerable.Repeat(unit, times)), type)).Refusal(400));

    [Fact]
    public async Task A_registration_that_is_nested_too_deep_is_told_so()
    {
        var answer = await server.Put(Endpoint, string.Concat(Enumerable.Repeat("{\"a\":", 100)) + "1" + new string('}', 100));
        Assert.Equal(["body"], answer.Refusal(400));
        Assert.Contains("nested deeper", (string)answer.Json["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Very_many_values_are_refused() =>
        (await server.Put(Policy, "a: [" + string.Concat(Enumerable.Repeat("1,", 100_000)) + "]", "application/yaml")).Refusal(400);

    [Theory]
    [InlineData("port", "1e400")]
    [InlineData("port", "99999999999999999999999999999999")]
    [InlineData("port", "-1")]
    [InlineData("port", "80.5")]
    [InlineData("port", "\"80\"")]
    [InlineData("port", "[80]")]
    [InlineData("port", "true")]
    [InlineData("weight", "2147483648")]
    [InlineData("lease", "\"99999999999999999999h\"")]
    [InlineData("lease", "30")]
    [InlineData("locality", "\"eu\"")]
    [InlineData("labels", "[]")]
    public async Task An_absurd_value_is_refused_by_its_field(string field, string value)
    {
        var body = field == "port" ? $$"""{"address":"10.0.0.1","port":{{value}}}""" : $$"""{"address":"10.0.0.1","port":80,"{{field}}":{{value}}}""";
        Assert.Contains(field, (await server.Put(Endpoint, body)).Refusal(400));
    }

    [Fact]
    public async Task A_name_that_appears_twice_is_refused() =>
        Assert.Equal(["body"], (await server.Put(Endpoint, """{"address":"10.0.0.1","address":"10.0.0.2","port":80}""")).Refusal(400));

    [Fact]
    public async Task Too_many_or_too_long_labels_are_refused()
    {
        var many = string.Join(',', Enumerable.Range(0, 65).Select(static i => $"\"l{i}\":\"v\""));
        Assert.Equal(["labels"], (await server.Put(Endpoint, "{\"address\":\"10.0.0.1\",\"port\":80,\"labels\":{" + many + "}}")).Refusal(400));
        var big = new string('x', 257);
        Assert.Equal(["labels.l"], (await server.Put(Endpoint, "{\"address\":\"10.0.0.1\",\"port\":80,\"labels\":{\"l\":\"" + big + "\"}}")).Refusal(400));
    }

    [Theory]
    [InlineData(Endpoint, "application/json")]
    [InlineData(Policy, "application/yaml")]
    public async Task Ten_megabytes_are_refused_and_the_sender_sees_why(string path, string type)
    {
        var answer = await server.Put(path, new string('a', 10_000_000), type);
        Assert.Equal(["body"], answer.Refusal(413));
    }

    [Fact]
    public async Task Ten_megabytes_without_a_length_are_refused_when_the_limit_is_passed()
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, Policy) { Content = new StreamContent(new MemoryStream(new byte[10_000_000])) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TransferEncodingChunked = true;
        using var response = await server.Http.SendAsync(request);
        (await Answer.Read(response)).Refusal(413);
    }

    [Fact]
    public async Task Bytes_that_are_no_UTF8_are_refused()
    {
        foreach (var type in new[] { "application/yaml", "application/json" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, Policy) { Content = new ByteArrayContent([(byte)'a', (byte)':', 0xff, 0xfe, 0xc0]) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
            using var response = await server.Http.SendAsync(request);
            Assert.Equal(["body"], (await Answer.Read(response)).Refusal(400));
        }
    }

    [Theory]
    [InlineData("{\"spec\":\"\\ud800\"}", "application/json")]
    [InlineData("{\"\\udfff\":1}", "application/json")]
    [InlineData("spec: \"\\ud800\"", "application/yaml")]
    [InlineData("\"\\udfff\": 1", "application/yaml")]
    [InlineData("spec: \"\\Uffffffff\"", "application/yaml")]
    public async Task Half_a_character_is_refused(string body, string type) => (await server.Put(Policy, body, type)).Refusal(400);

    [Fact]
    public async Task Half_a_character_in_a_registration_is_refused()
    {
        (await server.Put(Endpoint, "{\"address\":\"\\ud800\",\"port\":80}")).Refusal(400);
        (await server.Put(Endpoint, "{\"address\":\"10.0.0.1\",\"port\":80,\"labels\":{\"\\ud800\":\"x\"}}")).Refusal(400);
    }

    [Fact]
    public async Task A_compressed_body_is_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, Policy) { Content = new ByteArrayContent([31, 139]) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/yaml");
        request.Content.Headers.ContentEncoding.Add("gzip");
        using var response = await server.Http.SendAsync(request);
        Assert.Equal(["Content-Encoding"], (await Answer.Read(response)).Refusal(415));
    }

    [Fact]
    public async Task Headers_beyond_their_limit_are_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/services");
        request.Headers.Add("X-Long", new string('x', 32 * 1024));
        using var response = await server.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task A_registration_that_is_YAML_is_told_to_be_JSON() =>
        Assert.Equal(["Content-Type"], (await server.Put(Endpoint, "address: 10.0.0.1\nport: 80\n", "application/yaml")).Refusal(415));

    [Fact]
    public async Task A_very_long_name_is_refused() =>
        (await server.Get($"/v1/services/default/{new string('a', 1000)}")).Refusal(400);

    [Fact]
    public async Task A_page_of_another_site_cannot_change_anything()
    {
        var foreign = await server.Send(HttpMethod.Post, $"{Endpoint}/drain", "", "text/plain", ("Origin", "https://evil.example"));
        Assert.Equal(["Origin"], foreign.Refusal(403));
        Assert.Equal(["Origin"], (await server.Send(HttpMethod.Post, $"{Endpoint}/drain", "", "text/plain", ("Origin", "null"))).Refusal(403));
        (await server.Send(HttpMethod.Post, $"{Endpoint}/drain", null, null, ("Origin", server.Rest.GetLeftPart(UriPartial.Authority)))).Refusal(404);
        Assert.Equal(200, (await server.Send(HttpMethod.Get, "/v1/services", null, null, ("Origin", "https://evil.example"))).Status);
    }

    [Fact]
    public async Task An_unknown_path_and_a_wrong_method_are_problems_too()
    {
        (await server.Get("/v2/services")).Refusal(404);
        (await server.Get("/../../etc/passwd")).Refusal(404);
        var wrong = await server.Post("/v1/services");
        wrong.Refusal(405);
        Assert.Equal(["GET"], wrong.ContentHeaders.Allow);
        (await server.Delete("/metrics")).Refusal(405);
    }
}
