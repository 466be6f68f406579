using Mesh.Gateway.Tests.Rest;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>What gRPC libraries that were not written here make of a split whose canary is not there (yet).</summary>
public sealed class SplitClientTests
{
    [Theory]
    [InlineData("client.js")]
    [InlineData("client.py")]
    public async Task A_destination_that_does_not_exist_fails_its_own_share_at_once_and_serves_when_it_comes(string script)
    {
        await using var backends = await GreeterBackends.Start(2);
        await using var mesh = new RestServer();
        await mesh.InitializeAsync();
        await Register(mesh, "greeter.example", backends.Ports[0]);
        var put = await mesh.Put("/v1/policies/VirtualService/default/split", """
            {"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"split"},"spec":{"hosts":["greeter.example"],"http":[{"route":[
              {"destination":{"host":"greeter.example"},"weight":50},{"destination":{"host":"canary"},"weight":50}]}]}}
            """);
        Assert.Equal(201, put.Status);
        using var process = RealClient.Start(script, mesh.Grpc, "xds:///greeter.example");

        // 2^-60 is the chance that one of the two is not drawn.
        var answers = await process.Call(60);
        Assert.Equal(2, answers.Count);
        Assert.True(answers[$"{backends.Ports[0]}"] > 0);
        var (error, _) = answers.Single(answer => answer.Key.StartsWith("ERROR 14", StringComparison.Ordinal));
        // It says so after 15 s for a cluster that it was not sent.
        Assert.DoesNotContain("does not exist", error, StringComparison.Ordinal);

        await Register(mesh, "canary", backends.Ports[1]);
        await Eventually.True(async () => (await process.Call(10)).ContainsKey($"{backends.Ports[1]}"), "the canary is called");
        await Eventually.True(async () => !(await process.Call(60)).Keys.Any(key => key.StartsWith("ERROR", StringComparison.Ordinal)), "nothing fails any more");
    }

    private static async Task Register(RestServer mesh, string service, int port) => Assert.Equal(
        201, (await mesh.Put($"/v1/services/default/{service}/endpoints/b", $$"""{"address":"127.0.0.1","port":{{port}} }""")).Status);
}
