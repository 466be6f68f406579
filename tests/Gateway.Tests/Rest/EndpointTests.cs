using System.Text.Json.Nodes;

namespace Mesh.Gateway.Tests.Rest;

public sealed class EndpointTests(RestServer server) : IClassFixture<RestServer>
{
    private static int _services;

    private readonly string _service = $"/v1/services/shop/orders-{Interlocked.Increment(ref _services)}";

    [Fact]
    public async Task A_registration_is_created_once_and_can_be_read_at_once()
    {
        const string body = """{"address":"10.0.0.1","port":8080,"weight":3,"lease":"30s","instanceId":"i1","locality":{"region":"eu","zone":"a","subZone":""},"labels":{"version":"v2"}}""";
        var first = await server.Put($"{_service}/endpoints/a", body);
        Assert.Equal(201, first.Status);
        Assert.Equal($"{_service}/endpoints/a", first.Headers.Location!.ToString());
        var second = await server.Put($"{_service}/endpoints/a", body);
        Assert.Equal(200, second.Status);
        var read = await server.Get($"{_service}/endpoints/a");
        Assert.Equal(200, read.Status);
        Assert.Equal("Healthy", (string)read.Json["status"]!);
        Assert.Equal("30s", (string)read.Json["lease"]!);
        Assert.Equal("i1", (string)read.Json["instanceId"]!);
        Assert.Equal("v2", (string)read.Json["labels"]!["version"]!);
        Assert.Equal("eu", (string)read.Json["locality"]!["region"]!);
        Assert.Equal(3, (int)read.Json["weight"]!);
        var service = await server.Get(_service);
        Assert.Equal((1, 1), ((int)service.Json["endpoints"]!, (int)service.Json["healthy"]!));
    }

    [Fact]
    public async Task All_that_is_wrong_with_a_registration_is_said_at_once_with_field_and_remedy()
    {
        var answer = await server.Put(
            $"{_service}/endpoints/a", """{"address":"db.internal","port":0,"weight":"heavy","lease":"1e9s","labels":{"a":5},"colour":"red"}""");
        Assert.Equal(["address", "port", "weight", "lease", "labels.a", "colour"], answer.Refusal(400));
        Assert.Equal("db.internal", (string)answer.Json["problems"]![0]!["value"]!);
    }

    [Theory]
    [InlineData("127.1")]
    [InlineData("0x7f.0.0.1")]
    [InlineData("10.0.0.256")]
    [InlineData("fe80::1%eth0")]
    [InlineData("localhost")]
    [InlineData("")]
    public async Task An_address_that_is_not_a_plain_IP_address_is_refused(string address) =>
        Assert.Equal(["address"], (await server.Put($"{_service}/endpoints/a", $$"""{"address":"{{address}}","port":80}""")).Refusal(400));

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("::ffff:0.0.0.0")]
    [InlineData("255.255.255.255")]
    [InlineData("224.0.0.1")]
    [InlineData("ff02::1")]
    public async Task An_address_that_nobody_can_connect_to_is_refused(string address)
    {
        var answer = await server.Put($"{_service}/endpoints/a", $$"""{"address":"{{address}}","port":80}""");
        Assert.Equal(["address"], answer.Refusal(400));
        Assert.Equal(address, (string)answer.Json["problems"]![0]!["value"]!);
    }

    [Fact]
    public async Task An_IPv6_address_is_taken()
    {
        var answer = await server.Put($"{_service}/endpoints/a", """{"address":"2001:DB8::1","port":80}""");
        Assert.Equal("2001:db8::1", (string)answer.Json["address"]!);
    }

    [Fact]
    public async Task A_registration_without_a_body_is_told_what_one_looks_like() =>
        Assert.Equal(["body"], (await server.Send(HttpMethod.Put, $"{_service}/endpoints/a")).Refusal(400));

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        (await server.Get(_service)).Refusal(404);
        (await server.Get($"{_service}/endpoints")).Refusal(404);
        (await server.Get($"{_service}/endpoints/a")).Refusal(404);
        (await server.Delete($"{_service}/endpoints/a")).Refusal(404);
        (await server.Post($"{_service}/endpoints/a/heartbeat")).Refusal(404);
        (await server.Post($"{_service}/endpoints/a/drain")).Refusal(404);
        await Register("a");
        (await server.Get($"{_service}/endpoints/b")).Refusal(404);
        (await server.Post($"{_service}/endpoints/b/heartbeat")).Refusal(404);
        (await server.Post($"{_service}/endpoints/b/eject")).Refusal(404);
    }

    [Fact]
    public async Task A_removed_endpoint_is_gone_at_once_and_removing_it_again_says_so()
    {
        await Register("a");
        Assert.Equal(200, (await server.Delete($"{_service}/endpoints/a")).Status);
        (await server.Get($"{_service}/endpoints/a")).Refusal(404);
        (await server.Delete($"{_service}/endpoints/a")).Refusal(404);
    }

    [Fact]
    public async Task A_heartbeat_renews_the_lease_of_its_instance_only()
    {
        await server.Put($"{_service}/endpoints/a", """{"address":"10.0.0.1","port":80,"lease":"30s","instanceId":"i1"}""");
        var renewed = await server.Post($"{_service}/endpoints/a/heartbeat", """{"instanceId":"i1"}""");
        Assert.Equal(200, renewed.Status);
        Assert.NotNull(renewed.Json["leaseExpires"]);
        (await server.Post($"{_service}/endpoints/a/heartbeat", """{"instanceId":"i2"}""")).Refusal(409);
    }

    [Fact]
    public async Task Ejecting_draining_and_restoring_can_be_read_at_once()
    {
        await Register("a");
        var ejected = await server.Post($"{_service}/endpoints/a/eject", """{"duration":"5m","reason":"smells"}""");
        Assert.Equal("Ejected", (string)ejected.Json["status"]!);
        Assert.Contains("smells", (string)ejected.Json["reason"]!, StringComparison.Ordinal);
        Assert.Equal(1, (int)(await server.Get(_service)).Json["ejected"]!);
        Assert.Equal("Healthy", (string)(await server.Post($"{_service}/endpoints/a/restore")).Json["status"]!);
        Assert.Equal("Draining", (string)(await server.Post($"{_service}/endpoints/a/drain")).Json["status"]!);
        Assert.Equal(1, (int)(await server.Get(_service)).Json["draining"]!);
    }

    [Theory]
    [InlineData("two\\nlines")]
    [InlineData("\\u001b[31mred")]
    [InlineData("\\u0000")]
    public async Task A_reason_that_would_not_be_shown_as_one_line_is_refused(string reason)
    {
        await Register("a");
        Assert.Equal(["reason"], (await server.Post($"{_service}/endpoints/a/eject", $$"""{"reason":"{{reason}}"}""")).Refusal(400));
    }

    [Fact]
    public async Task An_ejection_with_a_strange_duration_is_refused()
    {
        await Register("a");
        Assert.Equal(["duration"], (await server.Post($"{_service}/endpoints/a/eject", """{"duration":"forever"}""")).Refusal(400));
        Assert.Equal(["duration"], (await server.Post($"{_service}/endpoints/a/eject", """{"duration":"-5s"}""")).Refusal(400));
    }

    [Fact]
    public async Task Pages_follow_each_other_without_gap_or_repeat()
    {
        for (var i = 0; i < 7; i++)
        {
            await Register($"e{i}");
        }

        await server.Post($"{_service}/endpoints/e3/eject");
        var ids = new List<string>();
        string? next = null;
        do
        {
            var page = await server.Get($"{_service}/endpoints?limit=3{(next is null ? "" : $"&continue={next}")}");
            Assert.Equal(200, page.Status);
            ids.AddRange(page.Json["items"]!.AsArray().Select(static item => (string)item!["id"]!));
            next = (string?)page.Json["continue"];
        }
        while (next is not null);
        Assert.Equal(["e0", "e1", "e2", "e3", "e4", "e5", "e6"], ids);
        var ejected = await server.Get($"{_service}/endpoints?status=ejected");
        Assert.Equal(["e3"], ejected.Json["items"]!.AsArray().Select(static item => (string)item!["id"]!));
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("limit=99999999999999999999", "limit")]
    [InlineData("continue=!!!", "continue")]
    [InlineData("continue=YWJj", "continue")]
    [InlineData("status=3", "status")]
    [InlineData("status=Open", "status")]
    [InlineData("stauts=Healthy", "stauts")]
    [InlineData("limit=1&limit=2", "limit")]
    public async Task A_query_that_means_nothing_is_refused_by_name(string query, string field)
    {
        await Register("a");
        Assert.Contains(field, (await server.Get($"{_service}/endpoints?{query}")).Refusal(400));
    }

    [Fact]
    public async Task Services_are_listed_by_namespace()
    {
        await server.Put("/v1/services/apart/one/endpoints/a", """{"address":"10.0.0.1","port":80}""");
        await server.Put("/v1/services/apart/two/endpoints/a", """{"address":"10.0.0.1","port":80}""");
        var first = await server.Get("/v1/services?namespace=apart&limit=1");
        Assert.Equal("one", (string)Assert.Single(first.Json["items"]!.AsArray())!["name"]!);
        var second = await server.Get($"/v1/services?namespace=apart&limit=1&continue={(string)first.Json["continue"]!}");
        Assert.Equal("two", (string)Assert.Single(second.Json["items"]!.AsArray())!["name"]!);
        Assert.Null(second.Json["continue"]);
        Assert.Equal(["namespace"], (await server.Get("/v1/services?namespace=NOT_ONE")).Refusal(400));
    }

    [Theory]
    [InlineData("/v1/services/Shop/orders", "namespace")]
    [InlineData("/v1/services/shop/-orders", "name")]
    [InlineData("/v1/services/shop/orders/endpoints/a%20b", "id")]
    [InlineData("/v1/services/shop/orders/endpoints/a~b", "id")]
    public async Task A_name_that_cannot_be_one_is_refused(string path, string field) =>
        Assert.Equal([field], (await server.Get(path)).Refusal(400));

    private async Task<JsonNode> Register(string id)
    {
        var answer = await server.Put($"{_service}/endpoints/{id}", """{"address":"10.0.0.1","port":80}""");
        Assert.Equal(201, answer.Status);
        return answer.Json;
    }
}
