using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Mesh.Api;
using Mesh.Local.Processes;

namespace Mesh.Local.Stories.Stage;

/// <summary>How long one grain was away.</summary>
/// <param name="Service">Its service.</param>
/// <param name="Moved">Whether it lived where the event was: its snapshot's epoch, which grows with each activation, has grown.</param>
/// <param name="Away">From the event to its first answer to a question asked after it.</param>
/// <param name="Failed">Answers that were errors, before.</param>
internal sealed record Answered(string Service, bool Moved, TimeSpan Away, int Failed);

/// <summary>Many services, spread over the silos, whose grains are asked until they answer.</summary>
internal sealed class Probes(IReadOnlyList<Uri> gateways) : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(1) }) { Timeout = TimeSpan.FromSeconds(20) };
    private readonly ConcurrentDictionary<string, long> _epochs = new();
    private string[] _services = [];

    public async Task Register(int count, Commands commands)
    {
        _services = [.. Enumerable.Range(1, count).Select(static number => string.Create(CultureInfo.InvariantCulture, $"probe-{number}"))];
        await Parallel.ForEachAsync(_services, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (service, _) =>
        {
            var record = await commands.Put($"v1/services/default/{service}/endpoints/a", """{"address":"127.0.0.1","port":9,"instanceId":"a"}""");
            if (!record.Acknowledged)
            {
                throw new LocalClusterException($"{service} was not registered: {(int?)record.Status} {record.Body}");
            }
        });
    }

    /// <summary>Notes where the grains are in their lives.</summary>
    public async Task Before(CancellationToken cancel)
    {
        foreach (var service in _services)
        {
            _epochs[service] = await Epoch(gateways[0], service, cancel) ?? throw new LocalClusterException($"{service} does not answer before anything happened.");
        }
    }

    /// <summary>Asks every one of them at once, until each has answered.</summary>
    /// <param name="since">When it happened, of <see cref="Stopwatch"/>.</param>
    /// <param name="without">The gateway that is away.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<IReadOnlyList<Answered>> After(long since, Uri without, CancellationToken cancel)
    {
        var left = gateways.Where(gateway => gateway != without).ToArray();
        return await Task.WhenAll(_services.Select(async (service, number) =>
        {
            var failed = 0;
            while (true)
            {
                var epoch = await Epoch(left[number % left.Length], service, cancel);
                var away = Stopwatch.GetElapsedTime(since);
                if (epoch is { } now)
                {
                    return new Answered(service, now > _epochs[service], away, failed);
                }

                failed++;
                if (away > Limit)
                {
                    throw new LocalClusterException($"{service} does not answer {Limit.TotalSeconds:0} s after the event.");
                }

                await Task.Delay(20, cancel);
            }
        }));
    }

    public void Dispose() => _http.Dispose();

    private async Task<long?> Epoch(Uri gateway, string service, CancellationToken cancel)
    {
        try
        {
            var detail = await _http.GetFromJsonAsync<ServiceDetail>(new Uri(gateway, $"v1/services/default/{service}"), Json, cancel);
            return detail is null ? null : long.Parse(detail.Version.Split('.')[0], CultureInfo.InvariantCulture);
        }
        catch (Exception away) when (away is HttpRequestException or JsonException || (away is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            return null;
        }
    }
}
