using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mesh.Local.Stories.Stage;

/// <summary>A workload: it answers its name, or 503 when it is broken, and counts what arrives.</summary>
internal sealed class Backend : IAsyncDisposable
{
    private readonly WebApplication _app;
    private long _requests;

    private Backend(WebApplication app, string service, string id, bool broken) => (_app, Service, Id, Broken) = (app, service, id, broken);

    public string Service { get; }

    public string Id { get; }

    public bool Broken { get; }

    public int Port { get; private set; }

    public long Requests => Interlocked.Read(ref _requests);

    public static async Task<Backend> Start(string service, string id, bool broken, CancellationToken cancel)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        var app = builder.Build();
        var backend = new Backend(app, service, id, broken);
        app.Run(backend.Answer);
        await app.StartAsync(cancel);
        backend.Port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
        return backend;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private Task Answer(HttpContext http)
    {
        Interlocked.Increment(ref _requests);
        http.Response.StatusCode = Broken ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
        return http.Response.WriteAsync(Id);
    }
}
