using Mesh.Api;
using Mesh.Demo.Actors;
using Mesh.Demo.Processes;

namespace Mesh.EndToEnd.Tests.Processes;

/// <summary>A canary, as its author brings it about: two services, one file, the shipped programs, and a kill -9 in the middle.</summary>
public class CanaryTests
{
    private const int Requests = 1000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_tenth_goes_to_the_canary_also_after_a_kill_and_everything_to_the_service_when_the_document_is_deleted()
    {
        await using var house = new House(keep: false);
        await using var plane = new ControlPlane(house);
        await plane.Start(Cancel);
        using var stable = await Register(house, plane, "greeter", "stable");
        using var canary = await Register(house, plane, "greeter-canary", "canary");
        var proxy = ProxyProcess.Start(house, "proxy-1", plane.Grpc);
        await proxy.Forwards("greeter", Cancel);
        var server = plane.Rest.ToString();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{proxy.Port}") };

        Assert.Equal("VirtualService default/greeter created (version 1), bound to default/greeter", (await Apply(house, server, 0)).Trim());
        await Until(http, "canary");
        Assert.Equal("VirtualService default/greeter configured (version 2), bound to default/greeter", (await Apply(house, server, 90)).Trim());
        await Until(http, "stable");
        Assert.Contains(
            "90% to default/greeter, 10% to default/greeter-canary", await Meshctl.Run(server, "describe", "service", "greeter"), StringComparison.Ordinal);

        // 1,000 draws of a tenth: 100, give or take 9.5. These bounds are eight times that away.
        Assert.InRange(await Canaries(http), 25, 175);

        plane.Kill();
        Assert.InRange(await Canaries(http), 25, 175);
        await plane.Start(Cancel);
        Assert.Contains("VirtualService   default     greeter", await Meshctl.Run(server, "get", "policies", "--kind", "vs"), StringComparison.Ordinal);
        Assert.InRange(await Canaries(http), 25, 175);

        await Meshctl.Run(server, "delete", "policy", "greeter", "--kind", "vs");
        // Nine tenths come two hundred times in a row by chance once in 1,400,000,000 times.
        var streak = 0;
        for (var i = 0; streak < 200; i++)
        {
            Assert.True(i < 100 * Requests, "The split did not go away.");
            streak = await http.Ask("greeter", Cancel) == "stable" ? streak + 1 : 0;
        }

        Assert.Equal(0, await Canaries(http));
    }

    private static async Task<BackendProcess> Register(House house, ControlPlane plane, string service, string id)
    {
        var backend = await BackendProcess.Start(house, id, Cancel);
        Assert.True(await plane.Register(service, id, new EndpointPut { Address = "127.0.0.1", Port = backend.Port }, Cancel));
        return backend;
    }

    private static async Task<string> Apply(House house, string server, int weight)
    {
        var file = Path.Combine(house.Directory, "canary.yaml");
        await File.WriteAllTextAsync(file, $$"""
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata:
              name: greeter
            spec:
              hosts: [greeter]
              http:
                - route:
                    - destination: {host: greeter}
                      weight: {{weight}}
                    - destination: {host: greeter-canary}
                      weight: {{100 - weight}}
            """, Cancel);
        return await Meshctl.Run(server, "apply", "-f", file);
    }

    private static async Task Until(HttpClient http, string expected)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Meshctl.Limit);
        while (await http.Ask("greeter", limit.Token) != expected)
        {
            await Task.Delay(20, limit.Token);
        }
    }

    private static async Task<int> Canaries(HttpClient http)
    {
        var canaries = 0;
        await Parallel.ForAsync(0, Requests, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancel }, async (_, cancel) =>
        {
            var answer = await http.Ask("greeter", cancel);
            Assert.Contains(answer, (string[])["stable", "canary"]);
            Interlocked.Add(ref canaries, answer == "canary" ? 1 : 0);
        });
        return canaries;
    }
}

/// <summary>Requests through a proxy.</summary>
file static class Asking
{
    public static async Task<string> Ask(this HttpClient http, string host, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Host = host;
        using var response = await http.SendAsync(request, cancel);
        return await response.Content.ReadAsStringAsync(cancel);
    }
}
