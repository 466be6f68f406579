using System.Collections.Concurrent;
using System.Net;
using Grpc.Net.Client;
using Mesh.Contracts;
using Mesh.Core.Outliers;
using Mesh.Gateway.Drain;
using Mesh.Gateway.Registry;
using Mesh.Gateway.Streams;
using Mesh.Gateway.View;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>The streams and the registry alone, on a real Kestrel, over a mesh in a table.</summary>
internal sealed class StreamHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lazy<GrpcChannel> _channel;

    private StreamHost(WebApplication app, TableView view)
    {
        _app = app;
        View = view;
        _channel = new(() => GrpcChannel.ForAddress(Address));
    }

    public TableView View { get; }

    public Uri Address => new(_app.Urls.First());

    public GrpcChannel Channel => _channel.Value;

    public ConcurrentQueue<ServiceReport> Reports { get; } = new();

    /// <summary>What service grains do with a report; takes it by default.</summary>
    public Func<ServiceReport, Task<ReportAnswer>> OnReport { get; set; } = Taken;

    public Convergence Convergence => _app.Services.GetRequiredService<Convergence>();

    public IProxyRegistry Proxies => _app.Services.GetRequiredService<IProxyRegistry>();

    public static Task<ReportAnswer> Taken(ServiceReport report) => Task.FromResult(new ReportAnswer(new(1, 1), [], [], []));

    public static async Task<StreamHost> Start(StreamOptions? options = null, TimeProvider? time = null, DrainOptions? drain = null)
    {
        var view = new TableView();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // How long who does not read is waited for is what StreamOptions say, and nothing else.
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        StreamHost? host = null;
        builder.Services.AddSingleton<IMeshView>(view);
        builder.Services.AddSingleton(FakeGrains.Create(report =>
        {
            host!.Reports.Enqueue(report);
            return host.OnReport(report);
        }));
        builder.Services.AddSingleton(options ?? new StreamOptions());
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddSingleton(drain ?? new DrainOptions());
        builder.Services.AddMeshStreams();
        builder.Services.AddMeshRegistry();
        var app = builder.Build();
        app.MapMeshStreams();
        app.MapMeshRegistry();
        host = new StreamHost(app, view);
        await app.StartAsync();
        return host;
    }

    /// <summary>Whether a report of a client has been read.</summary>
    public bool Heard(string node) => _app.Services.GetRequiredService<Reporters>().ByNode().GetValueOrDefault(node)?.LastAt is not null;

    public DrainGate Gate => _app.Services.GetRequiredService<DrainGate>();

    /// <summary>Tells the host to stop, as a signal does.</summary>
    public Task Stop() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        if (_channel.IsValueCreated)
        {
            Channel.Dispose();
        }

        using var impatient = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await _app.StopAsync(impatient.Token);
        await _app.DisposeAsync();
    }
}
