using System.Diagnostics;
using System.Globalization;
using Mesh.Local.Processes;

namespace Mesh.Local.Silos;

/// <summary>A silo as a process: started, killed, frozen, drained, and started again on the same ports.</summary>
public sealed class SiloProcess : IAsyncDisposable
{
    private readonly HttpClient _http;
    private Child? _process;

    public SiloProcess(SiloSettings settings)
    {
        Settings = settings;
        Directory.CreateDirectory(Path.Combine(settings.Folder, settings.Name));
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(1) }) { BaseAddress = Rest, Timeout = TimeSpan.FromSeconds(5) };
    }

    public SiloSettings Settings { get; }

    public string Name => Settings.Name;

    /// <summary>REST: <c>http://address:port/</c>.</summary>
    public Uri Rest => new(string.Create(CultureInfo.InvariantCulture, $"http://{Settings.Address}:{Settings.RestPort}/"));

    /// <summary>gRPC: streams and the registry.</summary>
    public Uri Grpc => new(string.Create(CultureInfo.InvariantCulture, $"http://{Settings.Address}:{Settings.GrpcPort}/"));

    public bool Running => _process is { Running: true };

    public int? Pid => _process is { Running: true } process ? process.Id : null;

    public long ResidentBytes => _process?.ResidentBytes ?? 0;

    /// <summary>How the last process ended; null while one runs.</summary>
    public int? ExitCode => _process?.ExitCode;

    /// <summary>Where everything is that it and those before it said.</summary>
    public string LogFile => Path.Combine(Settings.Folder, $"{Name}.log");

    /// <summary>Starts it; it is not ready yet.</summary>
    public void Start()
    {
        if (!Running)
        {
            _process = Child.Start(
                Machine.Built("Mesh.Silo", "mesh-silo"), LogFile, Name,
                new Launch { Namespace = Settings.Namespace, Environment = Settings.Environment }, Settings.CommandLine);
        }
    }

    /// <summary>Waits until it says that it is ready.</summary>
    /// <returns>How long that took.</returns>
    /// <exception cref="LocalClusterException">It ended, or was not ready within the limit. The message has the end of its log.</exception>
    public async Task<TimeSpan> Ready(TimeSpan limit, CancellationToken cancel)
    {
        var start = Stopwatch.GetTimestamp();
        while (!await IsReady(cancel))
        {
            if (_process is not { Running: true } process)
            {
                throw new LocalClusterException(_process?.Complaint("ended before it was ready") ?? $"{Name} was not started.");
            }

            if (Stopwatch.GetElapsedTime(start) > limit)
            {
                throw new LocalClusterException(process.Complaint($"was not ready after {limit.TotalSeconds:0} s"));
            }

            await Task.Delay(30, cancel);
        }

        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Whether it says so now.</summary>
    public async Task<bool> IsReady(CancellationToken cancel)
    {
        if (!Running)
        {
            return false;
        }

        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(TimeSpan.FromSeconds(1));
            using var answer = await _http.GetAsync("readyz", limit.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception notYet) when (notYet is HttpRequestException || (notYet is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return false;
        }
    }

    /// <summary>kill -9: no goodbye, no flush.</summary>
    public void Kill() => _process?.KillHard();

    /// <summary>SIGSTOP: it stands still, and knows nothing of it.</summary>
    public void Freeze() => _process?.Send(Signal.Stop);

    /// <summary>SIGCONT: it goes on as if no time had passed.</summary>
    public void Thaw() => _process?.Send(Signal.Continue);

    /// <summary>SIGTERM: it drains, and ends.</summary>
    /// <returns>Its exit code; 137 when it did not end within the limit.</returns>
    public Task<int> Terminate(TimeSpan limit) => _process is { Running: true } process ? process.Stop(Signal.Terminate, limit) : Task.FromResult(_process?.ExitCode ?? 0);

    /// <summary>Waits until its process has ended.</summary>
    public Task<int> Ended(CancellationToken cancel) => _process?.Ended(cancel) ?? Task.FromResult(0);

    /// <summary>Says what happened, with the end of its log.</summary>
    public string Complaint(string what) => _process?.Complaint(what) ?? $"{Name} {what}.";

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _http.Dispose();
    }
}
