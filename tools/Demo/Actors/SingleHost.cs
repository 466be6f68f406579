using System.Diagnostics;
using System.Globalization;
using Mesh.Demo.Processes;
using Mesh.Local.Processes;

namespace Mesh.Demo.Actors;

/// <summary>One process, which dies and is started again on the same ports and data.</summary>
internal sealed class SingleHost(House house) : IHost
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private readonly int _grpc = Machine.FreePort();
    private readonly int _rest = Machine.FreePort();
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(1) }) { Timeout = TimeSpan.FromSeconds(5) };
    private Child? _process;

    public IReadOnlyList<Uri> Rest => [new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_rest}"))];

    public string Grpc => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_grpc}");

    public int Count => 1;

    public string Who => _process is { Running: true } process ? string.Create(CultureInfo.InvariantCulture, $"process {process.Id}") : "no process";

    public long ResidentBytes => _process?.ResidentBytes ?? 0;

    public async Task<TimeSpan> Start(CancellationToken cancel)
    {
        var start = Stopwatch.GetTimestamp();
        _process = house.Start(
            "Mesh.Silo", "mesh-silo", "control-plane",
            "--bind", "127.0.0.1", "--grpc-port", Text(_grpc), "--rest-port", Text(_rest), "--data", Path.Combine(house.Directory, "data"));
        while (!await IsReady(cancel))
        {
            if (!_process.Running)
            {
                throw new DemoException(_process.Complaint("ended before it was ready"));
            }

            if (Stopwatch.GetElapsedTime(start) > StartLimit)
            {
                throw new DemoException(_process.Complaint($"was not ready after {StartLimit.TotalSeconds:0} s"));
            }

            await Task.Delay(20, cancel);
        }

        return Stopwatch.GetElapsedTime(start);
    }

    public string Kill()
    {
        _process?.KillHard();
        return "the control plane";
    }

    public void MustRun()
    {
        if (_process is { Running: false } process)
        {
            throw new DemoException(process.Complaint("ended by itself"));
        }
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task<bool> IsReady(CancellationToken cancel)
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri(Rest[0], "readyz"), cancel);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception notYet) when (notYet is HttpRequestException || (notYet is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            return false;
        }
    }
}
