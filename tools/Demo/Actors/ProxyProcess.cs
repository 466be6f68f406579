using System.Diagnostics;
using System.Globalization;
using Mesh.Demo.Processes;
using Mesh.Demo.Story;
using Mesh.Local.Processes;

namespace Mesh.Demo.Actors;

/// <summary>A proxy as the demo holds it.</summary>
internal sealed class ProxyProcess
{
    private readonly Child _process;
    private readonly int _admin;

    private ProxyProcess(string id, int port, int admin, Child process) => (Id, Port, _admin, _process) = (id, port, admin, process);

    public string Id { get; }

    public int Port { get; }

    public int Pid => _process.Id;

    public long ResidentBytes => _process.ResidentBytes;

    public static ProxyProcess Start(House house, string id, string controlPlane)
    {
        var (port, admin) = (Machine.FreePort(), Machine.FreePort());
        var process = house.Start(
            "Mesh.Proxy", "mesh-proxy", id,
            "--listen", At(port), "--admin", At(admin), "--control-plane", controlPlane, "--node", id, "--service", Cast.Service);
        return new ProxyProcess(id, port, admin, process);
    }

    /// <summary>Waits until a request for the host gets through it.</summary>
    public async Task Forwards(string host, CancellationToken cancel)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(2) };
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{At(Port)}/");
                request.Headers.Host = host;
                using var answer = await http.SendAsync(request, cancel);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (Exception notYet) when (notYet is HttpRequestException || (notYet is TaskCanceledException && !cancel.IsCancellationRequested))
            {
            }

            if (!_process.Running || Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(20))
            {
                throw new DemoException(_process.Complaint("does not forward requests"));
            }

            await Task.Delay(20, cancel);
        }
    }

    public void MustRun()
    {
        if (!_process.Running)
        {
            throw new DemoException(_process.Complaint("ended by itself"));
        }
    }

    private static string At(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
}
