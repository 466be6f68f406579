using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Mesh.Bench.Verdicts.Processes;

/// <summary>One workload: a port, and what it does with a request.</summary>
internal sealed class BackendPort
{
    private static readonly Func<HttpContext, Task> Well = static context => context.Response.WriteAsync("ok");
    private long _hits;

    public int Port { get; set; }

    /// <summary>What it does; answers 200 at once unless told otherwise.</summary>
    public Func<HttpContext, Task> Serve { get; set; } = Well;

    /// <summary>Requests that reached it.</summary>
    public long Hits => Interlocked.Read(ref _hits);

    /// <summary>Fails every request from now on.</summary>
    public void Break() => Serve = static context =>
    {
        context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        return Task.CompletedTask;
    };

    /// <summary>Answers well again.</summary>
    public void Heal() => Serve = Well;

    public Task Handle(HttpContext context)
    {
        Interlocked.Increment(ref _hits);
        return Serve(context);
    }
}

/// <summary>Workloads on ports of their own, all in this process: real HTTP, and one place to see what reached each.</summary>
internal sealed class Backends : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Backends(WebApplication app, ImmutableArray<BackendPort> all) => (_app, All) = (app, all);

    public ImmutableArray<BackendPort> All { get; }

    public static async Task<Backends> Start(int count)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            for (var i = 0; i < count; i++)
            {
                kestrel.Listen(System.Net.IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http1);
            }
        });
        var app = builder.Build();
        var byPort = new Dictionary<int, BackendPort>();
        app.Run(context => byPort[context.Connection.LocalPort].Handle(context));
        await app.StartAsync();
        foreach (var url in app.Urls)
        {
            var port = new Uri(url).Port;
            byPort[port] = new BackendPort { Port = port };
        }

        return new Backends(app, [.. byPort.Values.OrderBy(backend => backend.Port)]);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
