using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Mesh.Local.Processes;

namespace Mesh.Bench.Verdicts.Processes;

/// <summary>Proxies, each a process of its own, as they stand beside workloads.</summary>
internal sealed class ProxyFleet : IAsyncDisposable
{
    private readonly List<Process> _processes = [];
    private readonly List<Uri> _admins = [];
    private readonly List<Uri> _addresses = [];
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(10) };

    private ProxyFleet()
    {
    }

    /// <summary>Where a workload would send its requests, one for each proxy.</summary>
    public IReadOnlyList<Uri> Addresses => _addresses;

    /// <summary>CPU time that all of them have used.</summary>
    public TimeSpan Cpu => TimeSpan.FromTicks(_processes.Sum(process =>
    {
        process.Refresh();
        return process.TotalProcessorTime.Ticks;
    }));

    /// <summary>The mesh-proxy that was built beside a mesh-silo.</summary>
    public static string Beside(string silo) => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(silo)!, "..", "..", "Mesh.Proxy", "release", "mesh-proxy"));

    /// <summary>Starts them and waits until each is connected.</summary>
    /// <param name="program">The mesh-proxy to run.</param>
    /// <param name="count">How many.</param>
    /// <param name="controlPlane">Where they connect to.</param>
    /// <param name="detection">Who judges: mesh, local or both.</param>
    public static async Task<ProxyFleet> Start(string program, int count, Uri controlPlane, string detection)
    {
        var fleet = new ProxyFleet();
        try
        {
            for (var i = 0; i < count; i++)
            {
                fleet.Start(program, string.Create(CultureInfo.InvariantCulture, $"p{i:00}"), controlPlane, detection);
            }

            foreach (var admin in fleet._admins)
            {
                await fleet.Ready(admin);
            }

            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <summary>How many of them would send a request of that service to that port.</summary>
    public async Task<int> Using(string service, int port)
    {
        var dumps = await Task.WhenAll(_admins.Select(admin => _http.GetStringAsync(new Uri(admin, "/config"))));
        return dumps.Count(dump =>
        {
            using var json = JsonDocument.Parse(dump);
            return json.RootElement.GetProperty("clusters").EnumerateArray()
                .Where(cluster => cluster.GetProperty("name").GetString() == $"default/{service}")
                .SelectMany(cluster => cluster.GetProperty("endpoints").EnumerateArray())
                .Any(endpoint => endpoint.GetProperty("inRotation").GetBoolean()
                    && endpoint.GetProperty("endpoint").GetString()!.EndsWith($":{port}", StringComparison.Ordinal));
        });
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            if (!process.HasExited)
            {
                process.Kill();
                await process.WaitForExitAsync();
            }

            process.Dispose();
        }

        _http.Dispose();
    }

    private void Start(string program, string node, Uri controlPlane, string detection)
    {
        var (listen, admin) = (Machine.FreePort(), Machine.FreePort());
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[]
        {
            "--listen", $"127.0.0.1:{listen}", "--admin", $"127.0.0.1:{admin}", "--control-plane", controlPlane.ToString(), "--node", node, "--detection", detection,
        })
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _processes.Add(process);
        _addresses.Add(new Uri($"http://127.0.0.1:{listen}"));
        _admins.Add(new Uri($"http://127.0.0.1:{admin}"));
    }

    private async Task Ready(Uri admin)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var answer = await _http.GetAsync(new Uri(admin, "/ready"));
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            if (clock.Elapsed > TimeSpan.FromSeconds(60))
            {
                throw new InvalidOperationException($"The proxy with its admin port at {admin} did not become ready.");
            }

            await Task.Delay(50);
        }
    }
}
