using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Mesh.Api;
using Mesh.Local.Silos;

namespace Mesh.Local.Stories.Stage;

/// <summary>A service as one gateway showed it at one time.</summary>
/// <param name="Gateway">Which gateway.</param>
/// <param name="Life">Which process of it.</param>
/// <param name="Service">The summary.</param>
internal sealed record Sighting(string Gateway, int Life, ServiceSummary Service)
{
    public (long Epoch, long Number) Version
    {
        get
        {
            var parts = Service.Version.Split('.');
            return (long.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture));
        }
    }
}

/// <summary>
/// Looks at what a gateway would push: ten times a second at every service's version and counts. It goes on through kills, freezes and cuts,
/// and so sees each gateway before, during and after.
/// </summary>
internal sealed class Sight : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly SiloProcess _gateway;
    private readonly Action<Sighting> _seen;
    private readonly HttpClient _http;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, string> _last = [];
    private readonly Task _running;

    public Sight(SiloProcess gateway, Action<Sighting> seen)
    {
        (_gateway, _seen) = (gateway, seen);
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(1) }) { BaseAddress = gateway.Rest, Timeout = TimeSpan.FromSeconds(3) };
        _running = Task.Run(Run);
    }

    /// <summary>How often it was asked, and how often it answered.</summary>
    public (int Asked, int Answered) Looks { get; private set; }

    public static async Task<IReadOnlyList<ServiceSummary>> Services(HttpClient http, CancellationToken cancel)
    {
        var page = await http.GetFromJsonAsync<Page<ServiceSummary>>("v1/services?limit=1000", Json, cancel);
        return page?.Items ?? [];
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task Run()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Looks = (Looks.Asked + 1, Looks.Answered);
                var life = _gateway.Pid ?? 0;
                // One that has just started shows services as it learns of them: what it does not know yet, it does not push.
                foreach (var service in await Services(_http, _stop.Token))
                {
                    if (!_last.TryGetValue(service.Name, out var before) || before != service.Version)
                    {
                        _last[service.Name] = service.Version;
                        _seen(new Sighting(_gateway.Name, life, service));
                    }
                }

                Looks = (Looks.Asked, Looks.Answered + 1);
            }
            catch (Exception away) when (away is HttpRequestException or JsonException or IOException or OperationCanceledException)
            {
            }

            await Task.Delay(Every, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
