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
    private readonly (string Name, Func<(ReloadOutcome Outcome, string? Problem)> Look, Func<DateTimeOffset> NotAfter)[] _files;

    public TlsKeeper(ServerTls tls, ILogger<TlsKeeper> log, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _log = log;
        List<(string, Func<(ReloadOutcome, string?)>, Func<DateTimeOffset>)> files = [("server", tls.Pair.Look, () => tls.Pair.Current.NotAfter)];
        if (tls.GrpcClients is { } grpc)
        {
            files.Add(("grpc_client_ca", grpc.Look, () => grpc.Current.NotAfter));
        }

        if (tls.RestClients is { } rest)
        {
            files.Add(("rest_client_ca", rest.Look, () => rest.Current.NotAfter));
        }

        _files = [.. files];
        _meter.CreateObservableGauge(
            "mesh.tls.certificate.expiry",
            () => _files.Select(file => new Measurement<double>((file.NotAfter() - _time.GetUtcNow()).TotalSeconds, Tag("certificate", file.Name))),
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

    private void Look()
    {
        foreach (var (name, look, notAfter) in _files)
        {
            switch (look())
            {
                case (ReloadOutcome.Loaded, _):
                    Reloads.Add(1, Tag("certificate", name), Tag("result", "loaded"));
                    _log.LogInformation("TLS: {Certificate} was read anew; good until {NotAfter:u}", name, notAfter());
                    break;
                case (ReloadOutcome.Failed, var problem):
                    Reloads.Add(1, Tag("certificate", name), Tag("result", "failed"));
                    _log.LogError("TLS: {Problem} What was read before stays in force, until {NotAfter:u}", problem, notAfter());
                    break;
            }
        }
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
