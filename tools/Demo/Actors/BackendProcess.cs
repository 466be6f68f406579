using System.Net.Http.Json;
using System.Text.Json;
using Mesh.Demo.Backend;
using Mesh.Demo.Processes;

namespace Mesh.Demo.Actors;

/// <summary>A backend as the demo holds it.</summary>
internal sealed class BackendProcess : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private readonly HttpClient _http;

    private BackendProcess(string id, int port)
    {
        (Id, Port) = (id, port);
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(5) };
    }

    public string Id { get; }

    public int Port { get; }

    public string InstanceId { get; } = Guid.NewGuid().ToString("N")[..12];

    public static async Task<BackendProcess> Start(House house, string id, CancellationToken cancel)
    {
        var child = house.Start("Mesh.Demo", "mesh-demo", $"backend-{id}", "backend", id);
        return new BackendProcess(id, await child.ListeningPort(cancel));
    }

    public Task<Sighting> Fail(CancellationToken cancel) => Ask("fail", cancel);

    public Task<Sighting> Heal(CancellationToken cancel) => Ask("heal", cancel);

    public Task<Sighting> State(CancellationToken cancel) => Ask("state", cancel);

    /// <summary>The state with the time of every arrival since it was told to fail.</summary>
    public Task<Sighting> Report(CancellationToken cancel) => Ask("report", cancel);

    public void Dispose() => _http.Dispose();

    private async Task<Sighting> Ask(string action, CancellationToken cancel)
    {
        try
        {
            return await _http.GetFromJsonAsync<Sighting>($"{BackendServer.Admin}/{action}", Json, cancel)
                ?? throw new DemoException($"backend {Id} answered nothing.");
        }
        catch (HttpRequestException)
        {
            throw new DemoException($"backend {Id} is gone.");
        }
    }
}
