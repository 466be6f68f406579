using System.Net;
using System.Net.Sockets;
using Mesh.Gateway.Tests.Rest;
using Mesh.Xds;
using Mesh.Xds.Ads;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>A gRPC library that was not written here, on a whole control plane, beside clients of every bad kind at once.</summary>
public sealed class BadCompanyTests
{
    [Theory]
    [InlineData("client.js")]
    [InlineData("client.py")]
    public async Task A_real_client_hears_of_ejections_and_no_call_fails_while_others_do_their_worst(string script)
    {
        const string Endpoints = "/v1/services/default/greeter.example/endpoints";
        await using var backends = await GreeterBackends.Start(2);
        await using var mesh = new RestServer();
        await mesh.InitializeAsync();
        foreach (var port in backends.Ports)
        {
            Assert.Equal(201, (await mesh.Put($"{Endpoints}/b{port}", $$"""{"address":"127.0.0.1","port":{{port}}}""")).Status);
        }

        using var client = RealClient.Start(script, mesh.Grpc, "xds:///greeter.example");
        Assert.DoesNotContain((await client.Call(20)).Keys, IsError);
        using var ending = new CancellationTokenSource();
        Task[] company = [.. new Func<Uri, int, Task>[] { Reject, Restless, Noise, Windbag }.Select(act => KeepOn(act, mesh.Grpc, ending.Token))];
        await client.StartCalling(2);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await mesh.Post($"{Endpoints}/b{backends.Ports[0]}/eject")).Status);
            await Until(client, [$"{backends.Ports[1]}"]);
            Assert.Equal(200, (await mesh.Post($"{Endpoints}/b{backends.Ports[0]}/restore")).Status);
            await Until(client, [$"{backends.Ports[0]}", $"{backends.Ports[1]}"]);
        }

        Assert.DoesNotContain((await client.StopCalling()).Keys, IsError);
        await ending.CancelAsync();
        await Task.WhenAll(company);
        var own = (await mesh.Get("/v1/proxies")).Json["items"]!.AsArray().Where(static proxy => (string)proxy!["kind"]! == "ProxylessGrpc");
        Assert.All(Assert.Single(own)!["types"]!.AsArray(), static type => Assert.Null((string?)type!["error"]));
    }

    private static bool IsError(string answer) => answer.StartsWith("ERROR", StringComparison.Ordinal);

    private static Task Until(RealClient client, string[] ports) => Eventually.True(async () =>
    {
        var answers = await client.Take();
        Assert.DoesNotContain(answers.Keys, IsError);
        return answers.Keys.Order(StringComparer.Ordinal).SequenceEqual(ports.Order(StringComparer.Ordinal));
    });

    /// <summary>Does it over and over; that it fails is what it is for.</summary>
    private static async Task KeepOn(Func<Uri, int, Task> act, Uri server, CancellationToken ending)
    {
        for (var i = 0; !ending.IsCancellationRequested; i++)
        {
            try
            {
                await act(server, i);
            }
            catch (Exception failure) when (failure is Grpc.Core.RpcException or InvalidOperationException or IOException or SocketException)
            {
            }

            await Task.Delay(10, CancellationToken.None);
        }
    }

    private static async Task Reject(Uri server, int round)
    {
        using var client = new EitherClient((AdsVariant)(round % 2), server, "rejects");
        await client.Ask(ResourceType.Cluster);
        await client.Ask(ResourceType.Endpoints, "default/greeter.example");
        await client.Reject(await client.Receive(), "no");
        await client.Reject(await client.Receive(), "never");
    }

    private static async Task Restless(Uri server, int round)
    {
        using var client = new EitherClient((AdsVariant)(round % 2), server, "restless");
        await client.Ask(ResourceType.Cluster);
    }

    private static async Task Noise(Uri server, int round)
    {
        var bytes = new byte[2000];
        new Random(round).NextBytes(bytes);
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, server.Port);
        await socket.GetStream().WriteAsync(round % 2 == 0 ? bytes : [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0"u8, .. bytes]);
    }

    private static async Task Windbag(Uri server, int round)
    {
        using var client = new EitherClient((AdsVariant)(round % 2), server, "windbag");
        await client.Ask(ResourceType.Endpoints, [.. Enumerable.Range(0, 11_000).Select(n => $"default/service-{n}")]);
        await client.End();
    }
}
