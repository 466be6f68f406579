using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Mesh.Api;
using Mesh.Demo.Processes;
using Mesh.Local.Processes;

namespace Mesh.Demo.Actors;

/// <summary>The control plane: its process, which dies and is started again on the same ports and data, and its REST API.</summary>
internal sealed class ControlPlane : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private readonly House _house;
    private readonly HttpClient _http;
    private readonly int _rest = Machine.FreePort();
    private Child? _process;

    public ControlPlane(House house)
    {
        _house = house;
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(1) })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{_rest}"),
            Timeout = TimeSpan.FromSeconds(5),
        };
    }

    public int GrpcPort { get; } = Machine.FreePort();

    public Uri Rest => _http.BaseAddress!;

    public int? Pid => _process is { Running: true } process ? process.Id : null;

    public long ResidentBytes => _process?.ResidentBytes ?? 0;

    /// <summary>Starts it and waits until it is ready.</summary>
    /// <returns>How long that took.</returns>
    public async Task<TimeSpan> Start(CancellationToken cancel)
    {
        var start = Stopwatch.GetTimestamp();
        _process = _house.Start(
            "Mesh.Silo", "mesh-silo", "control-plane",
            "--bind", "127.0.0.1", "--grpc-port", Text(GrpcPort), "--rest-port", Text(_rest), "--data", Path.Combine(_house.Directory, "data"));
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

    /// <summary>kill -9.</summary>
    public void Kill() => _process?.KillHard();

    /// <summary>Fails loudly when it died by itself.</summary>
    public void MustRun()
    {
        if (_process is { Running: false } process)
        {
            throw new DemoException(process.Complaint("ended by itself"));
        }
    }

    /// <summary>Registers an endpoint; true when it was acknowledged.</summary>
    public async Task<bool> Register(string service, string id, EndpointPut body, CancellationToken cancel)
    {
        using var answer = await _http.PutAsJsonAsync($"v1/services/default/{service}/endpoints/{id}", body, Json, cancel);
        return answer.IsSuccessStatusCode;
    }

    public async Task Heartbeat(string service, string id, string instanceId, CancellationToken cancel)
    {
        using var answer = await _http.PostAsJsonAsync(
            $"v1/services/default/{service}/endpoints/{id}/heartbeat", new HeartbeatPost(instanceId), Json, cancel);
    }

    /// <summary>Puts a DestinationRule in force; true when it was acknowledged.</summary>
    public async Task<bool> Apply(string name, string yaml, CancellationToken cancel)
    {
        using var body = new StringContent(yaml, Encoding.UTF8, "application/yaml");
        using var answer = await _http.PutAsync($"v1/policies/DestinationRule/default/{name}", body, cancel);
        return answer.IsSuccessStatusCode;
    }

    public Task<IReadOnlyList<EndpointDetail>> Endpoints(string service, CancellationToken cancel) =>
        List<EndpointDetail>($"v1/services/default/{service}/endpoints?limit=500", cancel);

    public Task<IReadOnlyList<PolicyView>> Policies(CancellationToken cancel) => List<PolicyView>("v1/policies?limit=500", cancel);

    public Task<IReadOnlyList<ProxyView>> Proxies(CancellationToken cancel) => List<ProxyView>("v1/proxies?limit=500", cancel);

    public void Dispose() => _http.Dispose();

    private async Task<IReadOnlyList<T>> List<T>(string path, CancellationToken cancel)
    {
        var items = new List<T>();
        string? next = null;
        do
        {
            using var answer = await _http.GetAsync(next is null ? path : $"{path}&continue={Uri.EscapeDataString(next)}", cancel);
            if (answer.StatusCode == HttpStatusCode.NotFound)
            {
                return items;
            }

            answer.EnsureSuccessStatusCode();
            var page = await answer.Content.ReadFromJsonAsync<Page<T>>(Json, cancel) ?? throw new DemoException($"{path} answered nothing.");
            items.AddRange(page.Items);
            next = page.Continue;
        }
        while (next is not null);
        return items;
    }

    private async Task<bool> IsReady(CancellationToken cancel)
    {
        try
        {
            using var answer = await _http.GetAsync("readyz", cancel);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception notYet) when (notYet is HttpRequestException || (notYet is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            return false;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
