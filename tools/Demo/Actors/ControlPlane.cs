using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Mesh.Api;
using Mesh.Demo.Processes;

namespace Mesh.Demo.Actors;

/// <summary>The control plane as its clients know it: its REST API, at whichever of its processes answers.</summary>
internal sealed class ControlPlane(IHost host) : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>How long a client keeps trying, where there is more than one to try.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(1) }) { Timeout = TimeSpan.FromSeconds(5) };
    private int _next;

    public ControlPlane(House house)
        : this(new SingleHost(house))
    {
    }

    /// <inheritdoc cref="IHost.Grpc"/>
    public string Grpc => host.Grpc;

    /// <summary>The first of those that can be asked.</summary>
    public Uri Rest => host.Rest[0];

    /// <inheritdoc cref="IHost.Who"/>
    public string Who => host.Who;

    /// <summary>Whether it lives on when one of its processes dies.</summary>
    public bool HasOthers => host.Count > 1;

    /// <inheritdoc cref="IHost.ResidentBytes"/>
    public long ResidentBytes => host.ResidentBytes;

    /// <inheritdoc cref="IHost.Start"/>
    public Task<TimeSpan> Start(CancellationToken cancel) => host.Start(cancel);

    /// <inheritdoc cref="IHost.Kill"/>
    public string Kill() => host.Kill();

    /// <inheritdoc cref="IHost.MustRun"/>
    public void MustRun() => host.MustRun();

    /// <summary>Registers an endpoint; true when it was acknowledged.</summary>
    public async Task<bool> Register(string service, string id, EndpointPut body, CancellationToken cancel)
    {
        using var answer = await Send(HttpMethod.Put, $"v1/services/default/{service}/endpoints/{id}", () => JsonContent.Create(body, options: Json), cancel);
        return answer.IsSuccessStatusCode;
    }

    public async Task Heartbeat(string service, string id, string instanceId, CancellationToken cancel)
    {
        using var answer = await Send(
            HttpMethod.Post, $"v1/services/default/{service}/endpoints/{id}/heartbeat", () => JsonContent.Create(new HeartbeatPost(instanceId), options: Json), cancel);
    }

    /// <summary>Puts a DestinationRule in force; true when it was acknowledged.</summary>
    public async Task<bool> Apply(string name, string yaml, CancellationToken cancel)
    {
        using var answer = await Send(
            HttpMethod.Put, $"v1/policies/DestinationRule/default/{name}", () => new StringContent(yaml, Encoding.UTF8, "application/yaml"), cancel);
        return answer.IsSuccessStatusCode;
    }

    public Task<IReadOnlyList<EndpointDetail>> Endpoints(string service, CancellationToken cancel) =>
        List<EndpointDetail>($"v1/services/default/{service}/endpoints?limit=500", Any, cancel);

    public Task<IReadOnlyList<PolicyView>> Policies(CancellationToken cancel) => List<PolicyView>("v1/policies?limit=500", Any, cancel);

    /// <summary>The proxies that are connected to any of those that answer.</summary>
    public async Task<IReadOnlyList<ProxyView>> Proxies(CancellationToken cancel)
    {
        var all = new List<ProxyView>();
        foreach (var one in host.Rest)
        {
            try
            {
                all.AddRange(await List<ProxyView>("v1/proxies?limit=500", At(one), cancel));
            }
            catch (Exception away) when (HasOthers && IsAway(away, cancel))
            {
                // Its proxies have gone to another.
            }
        }

        return all;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await host.DisposeAsync();
    }

    private static bool IsAway(Exception failure, CancellationToken cancel) =>
        failure is HttpRequestException or IOException || (failure is TaskCanceledException && !cancel.IsCancellationRequested);

    private Asking Any => (path, cancel) => Send(HttpMethod.Get, path, static () => null, cancel);

    private Asking At(Uri one) => (path, cancel) => _http.GetAsync(new Uri(one, path), cancel);

    /// <summary>Asks one after the other until one answers; all tries of a command carry one name, so that it is done once.</summary>
    private async Task<HttpResponseMessage> Send(HttpMethod method, string path, Func<HttpContent?> body, CancellationToken cancel)
    {
        var operation = Guid.NewGuid().ToString("N");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        while (true)
        {
            var one = host.Rest[(int)((uint)_next % host.Count)];
            try
            {
                using var request = new HttpRequestMessage(method, new Uri(one, path)) { Content = body() };
                request.Headers.Add("Idempotency-Key", operation);
                var answer = await _http.SendAsync(request, patience.Token);
                if (!HasOthers || answer.StatusCode != HttpStatusCode.ServiceUnavailable)
                {
                    return answer;
                }

                answer.Dispose();
            }
            catch (Exception away) when (HasOthers && IsAway(away, patience.Token))
            {
            }

            _next++;
            await Task.Delay(50, patience.Token);
        }
    }

    private static async Task<IReadOnlyList<T>> List<T>(string path, Asking ask, CancellationToken cancel)
    {
        var items = new List<T>();
        string? next = null;
        do
        {
            using var answer = await ask(next is null ? path : $"{path}&continue={Uri.EscapeDataString(next)}", cancel);
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

    private delegate Task<HttpResponseMessage> Asking(string path, CancellationToken cancel);
}
