using System.Globalization;
using Mesh.Local.Load;
using Mesh.Local.Processes;

namespace Mesh.Local.Stories.Stage;

/// <summary>Proxies as they are shipped, and a steady load through each to each service.</summary>
internal sealed class ProxyFleet : IAsyncDisposable
{
    private readonly List<(string Id, int Port, Child Process)> _proxies = [];
    private readonly List<LoadGenerator> _loads = [];

    /// <summary>What the load saw.</summary>
    public LoadTally Tally { get; } = new();

    public void Start(int count, string folder, string gateways, IReadOnlyCollection<string> services)
    {
        var program = Machine.Built("Mesh.Proxy", "mesh-proxy");
        for (var number = 1; number <= count; number++)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"proxy-{number}");
            var (port, admin) = (Machine.FreePort(), Machine.FreePort());
            string[] arguments =
            [
                "--listen", At(port), "--admin", At(admin), "--control-plane", gateways, "--node", id, "--service", string.Join(',', services),
            ];
            _proxies.Add((id, port, Child.Start(program, Path.Combine(folder, $"{id}.log"), id, arguments)));
        }
    }

    /// <summary>Waits until a request gets through each proxy to each service.</summary>
    public async Task Forwards(IReadOnlyCollection<string> services, TimeSpan limit, CancellationToken cancel)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(3) };
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        enough.CancelAfter(limit);
        foreach (var (_, port, process) in _proxies)
        {
            foreach (var service in services)
            {
                while (!await Forwards(http, port, service))
                {
                    if (!process.Running || enough.IsCancellationRequested)
                    {
                        throw new LocalClusterException(process.Complaint($"does not forward requests to {service}"));
                    }

                    await Task.Delay(50, cancel);
                }
            }
        }
    }

    public void StartLoad(IReadOnlyCollection<string> services, int rate)
    {
        foreach (var (id, port, _) in _proxies)
        {
            _loads.AddRange(services.Select(service => new LoadGenerator(id, new Uri($"http://{At(port)}"), service, rate, Tally)));
        }
    }

    public async Task StopLoad()
    {
        await Task.WhenAll(_loads.Select(load => load.DisposeAsync().AsTask()));
        _loads.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await StopLoad();
        await Task.WhenAll(_proxies.Select(proxy => proxy.Process.DisposeAsync().AsTask()));
    }

    private static async Task<bool> Forwards(HttpClient http, int port, string service)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{At(port)}/");
            request.Headers.Host = service;
            using var answer = await http.SendAsync(request);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception notYet) when (notYet is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private static string At(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
}
