using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Mesh.Api;

namespace Mesh.Gateway.Tests.Rest.Move;

/// <summary>Files that are not as an export wrote them: each is refused with its line and its field, and nothing of an exception is told.</summary>
public sealed class HostileImportTests(RestServer server) : IClassFixture<RestServer>
{
    private const string Header = """{"type":"header","format":1,"product":"0.1.0","cluster":"mesh","at":"2026-03-01T12:00:00+00:00"}""";
    private const string Rule = """{"type":"policy","kind":"DestinationRule","namespace":"shop","name":"h","version":2,"updatedAt":"2026-03-01T12:00:00+00:00","document":{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"h","namespace":"shop"},"spec":{"host":"h"}}}""";
    private const string Service = """{"type":"service","service":"shop/h","lastEntry":2}""";
    private const string First = """{"type":"entry","service":"shop/h","entry":{"number":1,"at":"2026-03-01T12:00:00+00:00","endpointId":"a","kind":"Drained","reason":"drained"}}""";
    private const string Second = """{"type":"entry","service":"shop/h","entry":{"number":2,"at":"2026-03-01T12:00:01+00:00","endpointId":"a","kind":"Restored","reason":"restored"}}""";
    private const string A = """{"type":"endpoint","service":"shop/h","endpoint":{"spec":{"id":"a","address":"10.0.0.1","port":80},"registeredAt":"2026-03-01T12:00:00+00:00"}}""";
    private const string B = """{"type":"endpoint","service":"shop/h","endpoint":{"spec":{"id":"b","address":"10.0.0.2","port":80},"registeredAt":"2026-03-01T12:00:00+00:00"}}""";

    [Fact]
    public async Task The_file_that_the_others_are_made_of_is_good()
    {
        var answer = await Import(Whole(Rule, Service, First, Second, A, B));
        Assert.True((bool)answer["complete"]!, answer.ToString());
    }

    [Theory]
    [InlineData("no line feed at the end")]
    [InlineData("carriage returns", 2, "")]
    [InlineData("cut", 6, "trailer")]
    [InlineData("cut in a line", 6, "")]
    [InlineData("endpoints the other way round", 7, "endpoint.spec.id")]
    [InlineData("an endpoint twice", 7, "endpoint.spec.id")]
    [InlineData("entries the other way round", 5, "entry.number")]
    [InlineData("an entry after an endpoint", 6, "type")]
    [InlineData("an entry beyond the last", 4, "entry.number")]
    [InlineData("a service twice", 8, "service")]
    [InlineData("a policy after a service", 4, "type")]
    [InlineData("a line of another service", 6, "service")]
    [InlineData("a line lost", 7, "trailer")]
    [InlineData("a line changed", 8, "sha256")]
    [InlineData("a line after the trailer", 9, "type")]
    [InlineData("an empty line", 3, "")]
    [InlineData("a second header", 2, "type")]
    [InlineData("a line too long", 6, "")]
    [InlineData("an unknown type", 6, "type")]
    [InlineData("an unknown field", 6, "endpoint.spec.colour")]
    [InlineData("a field twice", 6, "endpoint.spec.id")]
    [InlineData("a wrong port", 6, "port")]
    [InlineData("a port that is a text", 6, "endpoint.spec.port")]
    [InlineData("a null address", 6, "endpoint.spec.address")]
    [InlineData("no endpoint", 6, "endpoint")]
    [InlineData("no spec", 6, "endpoint")]
    [InlineData("half a locality", 6, "endpoint.spec.locality")]
    [InlineData("a null label", 6, "endpoint.spec.labels")]
    [InlineData("a service that is none", 3, "service")]
    [InlineData("a document that does not compile", 2, "spec.host")]
    [InlineData("two documents for one service", 3, "document")]
    [InlineData("a document of no kind", 2, "kind")]
    [InlineData("version nought", 2, "version")]
    [InlineData("a name that is none", 2, "name")]
    [InlineData("an ejection without a reason", 6, "ejection.reason")]
    public async Task Each_is_refused_with_its_line_and_its_field(string what, int line = 0, string field = "")
    {
        var answer = await Import(Spoiled(what));
        Assert.Equal(line == 0, (bool)answer["complete"]!);
        if (line == 0)
        {
            return;
        }

        var refused = answer["lines"]!.AsArray().First(each => (int)each!["line"]! == line)!;
        Assert.Equal(("Refused", field), ((string)refused["result"]!, (string)refused["problems"]![0]!["field"]!));
        Assert.NotEmpty((string)refused["problems"]![0]!["remedy"]!);
        Assert.DoesNotContain("Exception", answer.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("System.", answer.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 400)]
    [InlineData("hello\n", 400)]
    [InlineData("\u0000\u001f\u008b\n", 400)]
    [InlineData("[]\n", 400)]
    [InlineData("{\"type\":\"service\",\"service\":\"shop/h\",\"lastEntry\":0}\n", 400)]
    [InlineData("{\"type\":\"header\",\"format\":2,\"product\":\"9\",\"cluster\":\"m\",\"at\":\"2026-03-01T12:00:00+00:00\"}\n", 400)]
    public async Task What_is_no_export_is_a_wrong_request(string body, int status) =>
        (await server.Send(HttpMethod.Post, "/v1/import", body, "application/x-ndjson")).Refusal(status);

    [Fact]
    public async Task What_cannot_be_asked_is_refused()
    {
        Assert.Equal(["dryRun", "onConflict", "force"], (await server.Send(HttpMethod.Post, "/v1/import?dryRun=x&onConflict=merge&force=1", "")).Refusal(400));
        Assert.Equal(["namespace"], (await server.Get("/v1/export?namespace=shop")).Refusal(400));
        Assert.Equal(["Content-Encoding"], await Compressed());

        async Task<string[]> Compressed()
        {
            using var content = new ByteArrayContent([1, 2, 3]);
            content.Headers.ContentEncoding.Add("gzip");
            using var response = await server.Http.PostAsync("/v1/import", content, TestContext.Current.CancellationToken);
            return (await Answer.Read(response)).Refusal(415);
        }
    }

    [Fact]
    public async Task A_document_that_does_not_compile_stops_the_import_before_anything_is_written()
    {
        var answer = await Import(Whole(Rule.Replace("shop", "clean", StringComparison.Ordinal), Rule.Replace("\"host\":\"h\"", "\"host\":7", StringComparison.Ordinal), Service, A), dryRun: false);

        Assert.False((bool)answer["complete"]!);
        Assert.Equal(404, (await server.Get("/v1/policies/DestinationRule/clean/h")).Status);
        Assert.Equal(404, (await server.Get("/v1/services/shop/h/endpoints/a")).Status);
    }

    [Fact]
    public async Task One_import_at_a_time_and_what_was_cut_short_is_completed_by_the_next()
    {
        var file = Whole(Rule, Service, First, Second, A, B).Replace("shop", "twice", StringComparison.Ordinal);
        var half = new Slow(Encoding.UTF8.GetBytes(file[..^200]));
        var first = server.Http.PostAsync("/v1/import", half, TestContext.Current.CancellationToken);
        await half.Begun.Task.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        await Eventually.True(async () => (await server.Send(HttpMethod.Post, "/v1/import", file)).Status == 503);
        half.End.SetResult();
        Assert.False((bool)(await Answer.Read(await first)).Json["complete"]!);

        file = Summed(file);
        var again = (await server.Send(HttpMethod.Post, "/v1/import", file, "application/x-ndjson")).Json;

        Assert.True((bool)again["complete"]!, again.ToString());
        Assert.Equal(200, (await server.Get("/v1/services/twice/h/endpoints/b")).Status);
    }

    private static string Spoiled(string what)
    {
        var good = Whole(Rule, Service, First, Second, A, B);
        return what switch
        {
            "no line feed at the end" => good.TrimEnd('\n'),
            "carriage returns" => Header + "\r\n" + "\r\n" + good,
            "cut" => string.Join('\n', good.Split('\n')[..5]) + "\n",
            "cut in a line" => string.Join('\n', good.Split('\n')[..5]) + "\n" + A[..50],
            "endpoints the other way round" => Whole(Rule, Service, First, Second, B, A),
            "an endpoint twice" => Whole(Rule, Service, First, Second, A, A),
            "entries the other way round" => Whole(Rule, Service, Second, First, A),
            "an entry after an endpoint" => Whole(Rule, Service, First, A, Second),
            "an entry beyond the last" => Whole(Rule, Service, First.Replace("\"number\":1", "\"number\":3", StringComparison.Ordinal), A),
            "a service twice" => Whole(Rule, Service, First, Second, A, B, Service),
            "a policy after a service" => Whole(Rule, Service, Rule, A),
            "a line of another service" => Whole(Rule, Service, First, Second, A.Replace("shop/h", "shop/i", StringComparison.Ordinal)),
            "a line lost" => good.Replace(B + "\n", "", StringComparison.Ordinal),
            "a line changed" => good.Replace("10.0.0.2", "10.0.0.3", StringComparison.Ordinal),
            "a line after the trailer" => good + A + "\n",
            "an empty line" => Whole(Rule, "", Service, A),
            "a second header" => Whole(Header, Rule),
            "a line too long" => Whole(Rule, Service, First, Second, A.Replace("\"10.0.0.1\"", $"\"{new string('1', ExportFormat.MostLineBytes)}\"", StringComparison.Ordinal), B),
            "an unknown type" => With(A.Replace("\"endpoint\"", "\"verdict\"", StringComparison.Ordinal)),
            "an unknown field" => With(A.Replace("\"port\"", "\"colour\":1,\"port\"", StringComparison.Ordinal)),
            "a field twice" => With(A.Replace("\"port\"", "\"id\":\"c\",\"port\"", StringComparison.Ordinal)),
            "a wrong port" => With(A.Replace("80", "0", StringComparison.Ordinal)),
            "a port that is a text" => With(A.Replace(":80", ":\"80\"", StringComparison.Ordinal)),
            "a null address" => With(A.Replace("\"10.0.0.1\"", "null", StringComparison.Ordinal)),
            "no endpoint" => With("""{"type":"endpoint","service":"shop/h"}"""),
            "no spec" => With("""{"type":"endpoint","service":"shop/h","endpoint":{"registeredAt":"2026-03-01T12:00:00+00:00"}}"""),
            "half a locality" => With(A.Replace("\"port\"", "\"locality\":{\"region\":\"eu\"},\"port\"", StringComparison.Ordinal)),
            "a null label" => With(A.Replace("\"port\"", "\"labels\":{\"a\":null},\"port\"", StringComparison.Ordinal)),
            "a service that is none" => Whole(Rule, Service.Replace("shop/h", "Shop", StringComparison.Ordinal)),
            "a document that does not compile" => Whole(Rule.Replace("\"host\":\"h\"", "\"host\":7", StringComparison.Ordinal), Service),
            "two documents for one service" => Whole(Rule, Rule.Replace("\"name\":\"h\"", "\"name\":\"i\"", StringComparison.Ordinal), Service),
            "a document of no kind" => Whole(Rule.Replace("DestinationRule", "Gateway", StringComparison.Ordinal)),
            "version nought" => Whole(Rule.Replace("\"version\":2", "\"version\":0", StringComparison.Ordinal)),
            "a name that is none" => Whole(Rule.Replace("\"name\":\"h\"", "\"name\":\"H!\"", StringComparison.Ordinal)),
            "an ejection without a reason" => With(A[..^2] + ""","ejection":{"at":"2026-03-01T12:00:00+00:00","manual":true}}}"""),
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, null),
        };

        static string With(string endpoint) => Whole(Rule, Service, First, Second, endpoint);
    }

    private async Task<JsonNode> Import(string file, bool dryRun = true)
    {
        var answer = await server.Send(HttpMethod.Post, $"/v1/import?dryRun={(dryRun ? "true" : "false")}", file, "application/x-ndjson");
        return answer.Status == 400
            ? new JsonObject
            {
                ["complete"] = false,
                ["lines"] = new JsonArray(new JsonObject { ["line"] = 1, ["result"] = "Refused", ["problems"] = answer.Json["problems"]!.DeepClone() }),
            }
            : answer.Json;
    }

    private static string Whole(params string[] lines) => Summed(Header + "\n" + string.Concat(lines.Select(static line => line + "\n")) + "{\"type\":\"trailer\"}\n");

    /// <summary>The file with a trailer that agrees with its lines.</summary>
    private static string Summed(string file)
    {
        using var digest = new ExportDigest();
        var lines = file.TrimEnd('\n').Split('\n')[1..^1];
        Array.ForEach(lines, line => digest.Add(Encoding.UTF8.GetBytes(line)));
        return file.Split('\n')[0] + "\n" + string.Concat(lines.Select(static line => line + "\n"))
            + $$"""{"type":"trailer","policies":{{Count("policy")}},"services":{{Count("service")}},"entries":{{Count("entry")}},"endpoints":{{Count("endpoint")}},"sha256":"{{digest.Current()}}"}""" + "\n";

        int Count(string type) => lines.Count(line => line.StartsWith($"{{\"type\":\"{type}\"", StringComparison.Ordinal));
    }

    /// <summary>A body whose end waits for the test.</summary>
    private sealed class Slow(byte[] bytes) : HttpContent
    {
        public TaskCompletionSource Begun { get; } = new();

        public TaskCompletionSource End { get; } = new();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(bytes);
            await stream.FlushAsync();
            Begun.SetResult();
            await End.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
