using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mesh.Proxy.Tests.Support;

/// <summary>A workload that answers as the test says, and counts.</summary>
public sealed class Backend : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _hits;

    private Backend(WebApplication app, RequestDelegate handler) => (_app, Handler) = (app, handler);

    public RequestDelegate Handler { get; set; }

    public int Hits => Volatile.Read(ref _hits);

    public int Port { get; private set; }

    public static async Task<Backend> Start(
        RequestDelegate handler, HttpProtocols protocols = HttpProtocols.Http1, Action<WebApplicationBuilder>? build = null, Action<WebApplication>? map = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(System.Net.IPAddress.Loopback, 0, l => l.Protocols = protocols));
        build?.Invoke(builder);
        var app = builder.Build();
        var backend = new Backend(app, handler);
        map?.Invoke(app);
        if (map is null)
        {
            app.Run(context =>
            {
                Interlocked.Increment(ref backend._hits);
                return backend.Handler(context);
            });
        }

        await app.StartAsync();
        backend.Port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        return backend;
    }

    /// <summary>One that says who it is.</summary>
    public static Task<Backend> Start(string name) => Start(Say(name));

    public static RequestDelegate Say(string text) => context => context.Response.WriteAsync(text);

    public static RequestDelegate Status(int status) => context =>
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync($"status {status}");
    };

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
