using System.Diagnostics.Metrics;
using Mesh.Gateway.Telemetry;
using Mesh.Tls;

namespace Mesh.Silo.Tls;

/// <summary>Looks at the files of TLS every few seconds, and says how long they are still good for.</summary>
internal sealed class TlsKeeper : BackgroundService
{
    /// <summary>How often. A look reads some kilobytes.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    private static readonly Counter<long> Reloads = MeshTelemetry.Meter.CreateCounter<long>(
        "mesh.tls.reloads", description: "Times that changed files of TLS were read, by file and result: loaded, or failed (what was loaded last stays in force).");

    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Meter _meter = new(MeshTelemetry.Name);
    private readonly ServerTls _tls;

    public TlsKeeper(ServerTls tls, ILogger<TlsKeeper> log, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        (_tls, _log) = (tls, log);
        _meter.CreateObservableGauge(
            "mesh.tls.certificate.expiry",
            () => Expiries().Select(file => new Measurement<double>((file.NotAfter - _time.GetUtcNow()).TotalSeconds, Tag("certificate", file.Name))),
            "s",
            "Time until the certificate in force runs out; negative since it has.");
    }

    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var clock = new PeriodicTimer(Every, _time);
        try
        {
            while (await clock.WaitForNextTickAsync(stoppingToken))
            {
                Look();
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private IEnumerable<(string Name, DateTimeOffset NotAfter)> Expiries()
    {
        yield return ("server", _tls.Pair.Current.NotAfter);
        if (_tls.GrpcClients is { } grpc)
        {
            yield return ("grpc_client_ca", grpc.Current.NotAfter);
        }

        if (_tls.RestClients is { } rest)
        {
            yield return ("rest_client_ca", rest.Current.NotAfter);
        }
    }

    private void Look()
    {
        Look("server", _tls.Pair, static pair => pair.NotAfter);
        Look("grpc_client_ca", _tls.GrpcClients, static roots => roots.NotAfter);
        Look("rest_client_ca", _tls.RestClients, static roots => roots.NotAfter);
    }

    private void Look<T>(string name, Reloading<T>? files, Func<T, DateTimeOffset> notAfter)
        where T : class
    {
        switch (files?.Look())
        {
            case (ReloadOutcome.Loaded, _):
                Reloads.Add(1, Tag("certificate", name), Tag("result", "loaded"));
                _log.LogInformation("TLS: {Certificate} was read anew; good until {NotAfter:u}", name, notAfter(files.Current));
                break;
            case (ReloadOutcome.Failed, var problem):
                Reloads.Add(1, Tag("certificate", name), Tag("result", "failed"));
                _log.LogError("TLS: {Problem} What was read before stays in force, until {NotAfter:u}", problem, notAfter(files.Current));
                break;
        }
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
