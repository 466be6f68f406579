using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Mesh.Local.Processes;

namespace Mesh.Bench;

/// <summary>A control plane of its own process, on ports and a data directory of its own, gone when disposed.</summary>
internal sealed class ControlPlane : IDisposable
{
    private readonly Stopwatch _clock = new();
    private readonly string _silo;
    private readonly DirectoryInfo _data;
    private Process _process;

    private ControlPlane(string silo, DirectoryInfo data, int grpcPort, int restPort)
    {
        (_silo, _data) = (silo, data);
        Grpc = new Uri($"http://127.0.0.1:{grpcPort}");
        Rest = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{restPort}"), Timeout = TimeSpan.FromSeconds(60) };
        _process = Launch();
    }

    public Uri Grpc { get; }

    public HttpClient Rest { get; }

    /// <summary>From the start of the process to the first 200 of /readyz.</summary>
    public TimeSpan StartedIn { get; private set; }

    public int ProcessId => _process.Id;

    public double ResidentMegabytes
    {
        get
        {
            var line = File.ReadLines($"/proc/{_process.Id}/status").First(l => l.StartsWith("VmRSS", StringComparison.Ordinal));
            return double.Parse(line.Split(':', StringSplitOptions.TrimEntries)[1].Split(' ')[0], CultureInfo.InvariantCulture) / 1024;
        }
    }

    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>The part of <see cref="Cpu"/> that it spent in the kernel.</summary>
    public TimeSpan KernelCpu
    {
        get
        {
            _process.Refresh();
            return _process.PrivilegedProcessorTime;
        }
    }

    public static async Task<ControlPlane> Start(string silo)
    {
        var plane = new ControlPlane(silo, Directory.CreateTempSubdirectory("mesh-bench-"), Machine.FreePort(), Machine.FreePort());
        await plane.UntilReady();
        return plane;
    }

    /// <summary>Kills it without a word and starts it again, with the same ports and the same data. It is not ready yet then.</summary>
    public void KillAndStart()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _process = Launch();
    }

    public async Task UntilReady()
    {
        while (!await IsReady())
        {
            if (_process.HasExited || _clock.Elapsed > TimeSpan.FromSeconds(60))
            {
                Dispose();
                throw new InvalidOperationException("The control plane did not become ready.");
            }

            await Task.Delay(20);
        }

        StartedIn = _clock.Elapsed;
    }

    public async Task Put(string service, int number, int weight = 1)
    {
        var body = new { address = $"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", port = 8080, weight };
        using var answer = await Rest.PutAsJsonAsync($"/v1/services/default/{service}/endpoints/e{number}", body);
        answer.EnsureSuccessStatusCode();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
        Rest.Dispose();
        _data.Delete(recursive: true);
    }

    private Process Launch()
    {
        _clock.Restart();
        var start = new ProcessStartInfo(_silo) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "--data", _data.FullName, "--bind", "127.0.0.1", "--grpc-port", $"{Grpc.Port}", "--rest-port", $"{Rest.BaseAddress!.Port}" })
        {
            start.ArgumentList.Add(argument);
        }

        // All its clients come from this machine.
        start.Environment["MESH_MAX_STREAMS"] = start.Environment["MESH_MAX_STREAMS_PER_CLIENT"] = "100000";
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{_silo} did not start.");
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) => Console.Error.Write(line.Data is { Length: > 0 } text ? text + "\n" : "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private async Task<bool> IsReady()
    {
        try
        {
            using var answer = await Rest.GetAsync(new Uri("/readyz", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
