using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;

namespace Mesh.Bench;

/// <summary>A control plane of its own process, on ports and a data directory of its own, gone when disposed.</summary>
internal sealed class ControlPlane : IDisposable
{
    private readonly Process _process;
    private readonly DirectoryInfo _data;

    private ControlPlane(Process process, DirectoryInfo data, int grpcPort, int restPort)
    {
        (_process, _data) = (process, data);
        Grpc = new Uri($"http://127.0.0.1:{grpcPort}");
        Rest = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{restPort}"), Timeout = TimeSpan.FromSeconds(60) };
    }

    public Uri Grpc { get; }

    public HttpClient Rest { get; }

    /// <summary>From the start of the process to the first 200 of /readyz.</summary>
    public TimeSpan StartedIn { get; private set; }

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

    public static async Task<ControlPlane> Start(string silo)
    {
        var data = Directory.CreateTempSubdirectory("mesh-bench-");
        var (grpcPort, restPort) = (FreePort(), FreePort());
        var start = new ProcessStartInfo(silo) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "--data", data.FullName, "--bind", "127.0.0.1", "--grpc-port", $"{grpcPort}", "--rest-port", $"{restPort}" })
        {
            start.ArgumentList.Add(argument);
        }

        // All its clients come from this machine.
        start.Environment["MESH_MAX_STREAMS"] = start.Environment["MESH_MAX_STREAMS_PER_CLIENT"] = "100000";
        var clock = Stopwatch.StartNew();
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{silo} did not start.");
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) => Console.Error.Write(line.Data is { Length: > 0 } text ? text + "\n" : "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var plane = new ControlPlane(process, data, grpcPort, restPort);
        while (!await plane.IsReady())
        {
            if (process.HasExited || clock.Elapsed > TimeSpan.FromSeconds(60))
            {
                plane.Dispose();
                throw new InvalidOperationException("The control plane did not become ready.");
            }

            await Task.Delay(20);
        }

        plane.StartedIn = clock.Elapsed;
        return plane;
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

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
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
