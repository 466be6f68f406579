using System.Net;
using Grpc.AspNetCore.Server;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mesh.Rpc.Tests.Support;

/// <summary>A real Kestrel on a loopback port of the system's choice, cleartext HTTP/2.</summary>
public sealed class TestServer : IAsyncDisposable
{
#if CLUSTER
    /// <summary>What a reader sees of a compressed message that grows beyond the limit: the original checks only what arrives.</summary>
    public const string OverLimitUnpacked = "2";
#else
    public const string OverLimitUnpacked = "8";
#endif

    private readonly WebApplication app;
    private readonly List<GrpcChannel> channels = [];

    private TestServer(WebApplication app) => this.app = app;

    public Observations Seen => app.Services.GetRequiredService<Observations>();

    public Uri Address => new(app.Urls.First());

    public static async Task<TestServer> StartAsync(
        Action<GrpcServiceOptions>? options = null, Action<WebApplication>? map = null,
        HttpProtocols protocols = HttpProtocols.Http2, int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = protocols));
        builder.Services.AddSingleton<Observations>();
        builder.Services.AddGrpc(options ?? (_ => { }));
        var app = builder.Build();
        app.MapGrpcService<EchoService>();
        app.MapPost("/rest/thing", () => Results.Text("not gRPC"));
        map?.Invoke(app);
        await app.StartAsync();
        return new(app);
    }

    public GrpcChannel Channel(GrpcChannelOptions? options = null)
    {
        var channel = GrpcChannel.ForAddress(Address, options ?? new GrpcChannelOptions());
        channels.Add(channel);
        return channel;
    }

    public Echo.EchoClient Client(GrpcChannelOptions? options = null) => new(Channel(options));

    /// <summary>Stops without waiting for calls to end.</summary>
    public async Task KillAsync()
    {
        await app.StopAsync(new CancellationToken(true));
        await app.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        channels.ForEach(channel => channel.Dispose());
        using var impatient = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await app.StopAsync(impatient.Token);
        await app.DisposeAsync();
    }
}
