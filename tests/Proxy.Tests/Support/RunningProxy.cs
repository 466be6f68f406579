using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Grpc.Net.Client;
using Mesh.Proxy.Options;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace Mesh.Proxy.Tests.Support;

/// <summary>The whole proxy in this process, on ports that the system chose.</summary>
public sealed class RunningProxy : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly SocketsHttpHandler _handler = new() { UseProxy = false, ActivityHeadersPropagator = null };

    private RunningProxy(WebApplication app)
    {
        _app = app;
        Client = new HttpClient(_handler);
    }

    public HttpClient Client { get; }

    public Uri Address { get; private set; } = null!;

    public Uri Admin { get; private set; } = null!;

    public static Task<RunningProxy> Start(ControlPlane plane, params string[] services) => Start(plane, o => o with { Services = [.. services] });

    public static async Task<RunningProxy> Start(ControlPlane plane, Func<ProxyOptions, ProxyOptions> change, TimeProvider? time = null, Random? random = null)
    {
        var options = new ProxyOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Admin = new IPEndPoint(IPAddress.Loopback, 0),
            ControlPlane = [new Uri($"http://127.0.0.1:{plane.Port}")],
            Node = "proxy-under-test",
            ReconnectMax = TimeSpan.FromMilliseconds(200),
            // Longer than a test may take: what is to end, ends by itself.
            Drain = TimeSpan.FromMinutes(1),
            ConfigurationWait = TimeSpan.FromMinutes(1),
        };
        var proxy = new RunningProxy(ProxyHost.Build(change(options), time, static logging => logging.ClearProviders(), random));
        await proxy._app.StartAsync();
        (proxy.Address, proxy.Admin) = ProxyHost.Addresses(proxy._app);
        return proxy;
    }

    /// <summary>Sends a request to a service.</summary>
    public async Task<HttpResponseMessage> Send(HttpRequestMessage request, string host)
    {
        request.RequestUri = new Uri(Address, request.RequestUri ?? new Uri("/", UriKind.Relative));
        request.Headers.Host = host;
        return await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public async Task<HttpResponseMessage> Get(string host, string path = "/")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        return await Send(request, host);
    }

    public async Task<string> Text(string host, string path = "/")
    {
        using var response = await Get(host, path);
        return await response.Content.ReadAsStringAsync();
    }

    /// <summary>A channel to a service by its name, through the proxy.</summary>
    public GrpcChannel Channel(string host) => GrpcChannel.ForAddress($"http://{host}", new GrpcChannelOptions
    {
        DisposeHttpClient = true,
        HttpHandler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, Address.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        },
    });

    public async Task<JsonElement> Config()
    {
        using var json = JsonDocument.Parse(await Client.GetStringAsync(new Uri(Admin, "/config")));
        return json.RootElement.Clone();
    }

    /// <summary>Which endpoints of a service requests may go to.</summary>
    public async Task<IReadOnlyList<int>> InRotation(string service)
    {
        var clusters = (await Config()).GetProperty("clusters").EnumerateArray();
        var cluster = clusters.FirstOrDefault(c => c.GetProperty("name").GetString() == $"default/{service}");
        return cluster.ValueKind == JsonValueKind.Undefined ? [] : [.. cluster.GetProperty("endpoints").EnumerateArray()
            .Where(e => e.GetProperty("inRotation").GetBoolean())
            .Select(e => int.Parse(e.GetProperty("endpoint").GetString()!.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture))
            .Order()];
    }

    public async Task Stop() => await _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        _handler.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
