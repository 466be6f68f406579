using Mesh.Gateway.Streams;
using Mesh.Gateway.Tests.Rest;
using Microsoft.Extensions.DependencyInjection;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>A day in the life of a service, called without a pause by gRPC libraries that were not written here, on a whole control plane.</summary>
public sealed class RealClientStoryTests
{
    private const string Service = "/v1/services/default/greeter.example/endpoints";
    private const string Canary = "/v1/services/default/canary/endpoints";
    private const int Sample = 300;

    [Theory]
    [InlineData("client.js")]
    [InlineData("client.py")]
    public async Task No_call_fails_while_endpoints_come_and_go_and_shares_move_and_every_call_is_reported(string script)
    {
        await using var backends = await GreeterBackends.Start(4);
        await using var mesh = new RestServer();
        await mesh.InitializeAsync();
        var (a, b, c, canary) = (backends.Ports[0], backends.Ports[1], backends.Ports[2], backends.Ports[3]);
        await Register(mesh, Service, a, "zone-a");
        await Register(mesh, Service, b, "zone-a");
        using var process = RealClient.Start(script, mesh.Grpc, "xds:///greeter.example");
        var calls = new Calls(process);
        await process.StartCalling(4);
        await calls.Until(seen => seen.ComeFrom(a, b), "both endpoints are called");

        await Register(mesh, Service, c, "zone-b");
        await calls.Until(seen => seen.ComeFrom(a, b, c), "the third one is called, too");

        // gRPC balances in turn, whatever an endpoint weighs. What it follows are the weights of localities.
        await Put(mesh, "DestinationRule", Shares(90, 10));
        await calls.Until(seen => seen.Share(c) < 0.2, "little goes to the other zone");
        await Put(mesh, "DestinationRule", Shares(20, 80));
        await calls.Until(seen => seen.Share(c) is > 0.7 and < 0.9, "most goes to the other zone");
        await Remove(mesh, "DestinationRule");
        await calls.Until(seen => seen.Share(c) is > 0.2 and < 0.5, "all are alike again");

        await Changed(mesh.Post($"{Service}/b{b}/eject"));
        await calls.Until(seen => seen.ComeFrom(a, c), "the ejected one is not called");
        Assert.True((await calls.Next()).ComeFrom(a, c), "And it stays away.");
        await Changed(mesh.Post($"{Service}/b{b}/restore"));
        await calls.Until(seen => seen.ComeFrom(a, b, c), "it is called again");

        await Register(mesh, Canary, canary, "zone-a");
        await Put(mesh, "VirtualService", Split(80, 20));
        await calls.Until(seen => seen.Share(canary) is > 0.1 and < 0.3, "a fifth goes to the canary");
        await Put(mesh, "VirtualService", Split(40, 60));
        await calls.Until(seen => seen.Share(canary) is > 0.5 and < 0.7, "more goes to the canary");
        await Put(mesh, "VirtualService", Split(0, 100));
        await calls.Until(seen => seen.ComeFrom(canary), "everything goes to the canary");
        await Remove(mesh, "VirtualService");
        await calls.Until(seen => seen.ComeFrom(a, b, c), "the canary is over");

        await Changed(mesh.Delete($"{Service}/b{a}"));
        await calls.Until(seen => seen.ComeFrom(b, c), "the removed one is not called");

        calls.Count(await process.StopCalling());
        var reporters = mesh.App.Services.GetRequiredService<Reporters>();
        await Eventually.True(
            () => reporters.ByNode().Values.SingleOrDefault()?.Requests == calls.Total,
            $"{calls.Total} calls were made; as many are to be reported.");
        Assert.Equal(ReportDetail.PerLocality, reporters.ByNode().Values.Single().Detail);
        var proxies = (await mesh.Get("/v1/proxies")).Json["items"]!.AsArray();
        Assert.All(Assert.Single(proxies)!["types"]!.AsArray(), type => Assert.Null((string?)type!["error"]));
    }

    private static Task Register(RestServer mesh, string service, int port, string zone) => Changed(mesh.Put(
        $"{service}/b{port}", $$$"""{"address":"127.0.0.1","port":{{{port}}},"locality":{"region":"region-1","zone":"{{{zone}}}","subZone":""} }"""));

    private static Task Put(RestServer mesh, string kind, string spec) => Changed(mesh.Put(
        $"/v1/policies/{kind}/default/story",
        $$$"""{"apiVersion":"networking.istio.io/v1","kind":"{{{kind}}}","metadata":{"name":"story","namespace":"default"},"spec":{{{spec}}} }"""));

    private static Task Remove(RestServer mesh, string kind) => Changed(mesh.Delete($"/v1/policies/{kind}/default/story"));

    private static string Shares(int near, int far) => $$$"""
        {"host":"greeter.example","trafficPolicy":{"loadBalancer":{"localityLbSetting":{"distribute":[
          {"from":"region-1/zone-a","to":{"region-1/zone-a":{{{near}}},"region-1/zone-b":{{{far}}} }}]}} }}
        """;

    private static string Split(int here, int canary) => $$$"""
        {"hosts":["greeter.example"],"http":[{"route":[
          {"destination":{"host":"greeter.example"},"weight":{{{here}}}},{"destination":{"host":"canary"},"weight":{{{canary}}}}]}]}
        """;

    private static async Task Changed(Task<Answer> change)
    {
        var answer = await change;
        Assert.True(answer.Status is 200 or 201, answer.Text);
    }

    /// <summary>All calls of a client so far, none of which may have failed.</summary>
    private sealed class Calls(RealClient client)
    {
        public int Total { get; private set; }

        public void Count(Dictionary<string, int> answers)
        {
            Assert.DoesNotContain(answers.Keys, static answer => answer.StartsWith("ERROR", StringComparison.Ordinal));
            Total += answers.Values.Sum();
        }

        /// <summary>What some hundred calls from now on saw.</summary>
        public async Task<Seen> Next()
        {
            Dictionary<string, int> sum = [];
            await Eventually.True(
                async () =>
                {
                    var answers = await client.Take();
                    Count(answers);
                    foreach (var (answer, times) in answers)
                    {
                        sum[answer] = sum.GetValueOrDefault(answer) + times;
                    }

                    return sum.Values.Sum() >= Sample;
                },
                "The client calls no more.");
            return new Seen(sum);
        }

        public Task Until(Func<Seen, bool> condition, string what) => Eventually.True(async () => condition(await Next()), $"Never true: {what}.");
    }

    private sealed record Seen(Dictionary<string, int> Answers)
    {
        public bool ComeFrom(params int[] ports) => Answers.Keys.Order(StringComparer.Ordinal).SequenceEqual(ports.Select(port => $"{port}").Order(StringComparer.Ordinal));

        public double Share(int port) => (double)Answers.GetValueOrDefault($"{port}") / Answers.Values.Sum();
    }
}
