using System.Net;
using System.Net.Sockets;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>A gRPC server that was not written here waits for its listener, and serves nobody before it likes what it got.</summary>
public sealed class RealServerTests
{
    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("127.0.0.1")]
    [InlineData("[::]")]
    public async Task It_serves_calls_once_it_has_its_listener(string address)
    {
        await using var host = await StreamHost.Start();
        var port = FreePort();
        using var server = RealClient.Start("server.py", host, $"{address}:{port}");
        using var client = RealClient.Start("client.py", host, $"127.0.0.1:{port}");

        await Eventually.True(() => host.Proxies.Find("c-core-server").Any(proxy => proxy.Types is [{ Type: "LDS", Status: "Synced", Accepted: not null }]));
        // It opens its port in its own time after it has accepted the listener.
        using var limit = new CancellationTokenSource(Eventually.Limit);
        while (!(await client.Call(1)).ContainsKey("ok"))
        {
            Assert.False(limit.IsCancellationRequested, "It has accepted its listener and serves nobody.");
        }
    }

    // The server says its address before it has a port, so it cannot be given one by the system.
    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Any, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
