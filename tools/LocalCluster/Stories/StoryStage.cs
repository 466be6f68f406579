using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Mesh.Api;
using Mesh.Local.Processes;
using Mesh.Local.Silos;
using Mesh.Local.Stories.Rules;
using Mesh.Local.Stories.Stage;

namespace Mesh.Local.Stories;

/// <summary>
/// A mesh at work on a cluster: services with backends, proxies with traffic between them, people who change things without a pause. One endpoint is
/// broken and was ejected for it, one was ejected by hand, one is drained; none of the three may be sent anything again, whatever happens.
/// </summary>
internal sealed class StoryStage : IAsyncDisposable
{
    public const string Shop = "shop";
    public const string Cart = "cart";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly string[] Services = [Shop, Cart];

    private readonly StoryOptions _options;
    private readonly List<Backend> _backends = [];
    private readonly List<Writer> _writers = [];
    private readonly List<Sight> _sights = [];
    private readonly Dictionary<string, long> _requestsWhenOut = [];
    private readonly ProxyFleet _proxies = new();
    private readonly Streams _streams;
    private readonly Commands _commands;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };
    private readonly List<string> _problems = [];

    public StoryStage(StoryOptions options, LocalCluster cluster)
    {
        (_options, Cluster) = (options, cluster);
        Gateways = [.. cluster.Gateways];
        var addresses = Gateways.Select(gateway => gateway.Rest).ToArray();
        _commands = new Commands(addresses, $"stage-{options.Seed}");
        Probes = new Probes(addresses);
        _streams = new Streams(Gateways.Select(gateway => gateway.Grpc), $"default/{Shop}");
    }

    public LocalCluster Cluster { get; }

    public IReadOnlyList<SiloProcess> Gateways { get; }

    public Probes Probes { get; }

    public Sightings Sightings { get; } = new();

    /// <summary>Everything from the cluster's start to a load that has gone on for a moment.</summary>
    public async Task Set(CancellationToken cancel)
    {
        await Cluster.Start(_options.Said, cancel);
        _options.Said?.Invoke("setting the stage");
        foreach (var (service, id, broken) in new[] { (Shop, "a", false), (Shop, "b", false), (Shop, "broken", true), (Shop, "byhand", false), (Shop, "drained", false), (Cart, "a", false), (Cart, "b", false) })
        {
            var backend = await Backend.Start(service, id, broken, cancel);
            _backends.Add(backend);
            await Must(_commands.Put(Endpoint(backend), $$"""{"address":"127.0.0.1","port":{{backend.Port}},"instanceId":"{{id}}"}"""));
        }

        foreach (var service in Services)
        {
            await Must(_commands.Put($"v1/policies/DestinationRule/default/{service}", Policy(service), "application/yaml"));
        }

        if (_options.Probes > 0)
        {
            await Probes.Register(_options.Probes, _commands);
        }

        _proxies.Start(_options.Proxies, _options.Folder, Cluster.GatewayList, Services);
        await _proxies.Forwards(Services, TimeSpan.FromSeconds(60), cancel);
        await TakeOut(cancel);
        _sights.AddRange(Gateways.Select(gateway => new Sight(gateway, Sightings.See)));
        _proxies.StartLoad(Services, _options.Rate);
        _streams.Start(_options.Streams);
        await Connected("before anything happened", cancel);
        for (var number = 1; number <= _options.Writers; number++)
        {
            var writer = new Writer([.. Gateways.Select(gateway => gateway.Rest)], number, _options.Seed);
            _writers.Add(writer);
            writer.Start();
        }

        await Task.Delay(TimeSpan.FromSeconds(2), cancel);
    }

    /// <summary>Ends what goes on, waits until everyone says the same, and holds what is there against what was promised.</summary>
    public async Task<IReadOnlyList<string>> Judge(CancellationToken cancel)
    {
        _options.Said?.Invoke("looking at what is there");
        await Task.WhenAll(_writers.Select(writer => writer.Stop()));
        await _proxies.StopLoad();
        _problems.AddRange(_writers.Select(writer => writer.Trouble).OfType<string>());
        _problems.AddRange(_proxies.Tally.Losses().GroupBy(lost => lost.Why).Select(group => $"{group.Count()} requests between services failed: {group.Key}."));
        foreach (var backend in _backends.Where(backend => _requestsWhenOut.ContainsKey(backend.Id)))
        {
            if (backend.Requests - _requestsWhenOut[backend.Id] is > 0 and var more)
            {
                _problems.Add($"{backend.Service}/{backend.Id} was taken out, and got {more} requests since.");
            }
        }

        await Connected("in the end", cancel);
        _problems.AddRange(_streams.Problems);
        await Converge(cancel);
        foreach (var writer in _writers)
        {
            foreach (var gateway in Gateways)
            {
                _problems.AddRange(Promises.Broken(writer.Promised, await Find(gateway, writer.Promised.Service, cancel)).Select(problem => $"{problem} ({gateway.Name})"));
            }
        }

        await Task.WhenAll(_sights.Select(sight => sight.DisposeAsync().AsTask()));
        _sights.Clear();
        _problems.AddRange(Sightings.Problems);
        return [.. _problems.Distinct()];
    }

    /// <summary>What was counted.</summary>
    public IReadOnlyDictionary<string, double> Figures()
    {
        var records = _writers.SelectMany(writer => writer.Records).ToList();
        var slowest = records.Count == 0 ? 0 : records.Max(record => record.Took.TotalSeconds);
        var moves = _streams.Moves.Order().ToList();
        return new Dictionary<string, double>
        {
            ["commands"] = records.Count(record => record.Acknowledged),
            ["commands repeated"] = records.Count(record => record.Attempts > 1),
            ["answers 503"] = records.Sum(record => record.Refused),
            ["attempts without an answer"] = records.Sum(record => record.Unanswered),
            ["answers 404 of a gateway that lagged"] = records.Sum(record => record.Stale),
            ["slowest command, s"] = Math.Round(slowest, 3),
            ["requests between services"] = _proxies.Tally.Total,
            ["requests failed"] = _proxies.Tally.Losses().Count,
            ["snapshots seen"] = Sightings.Count,
            ["streams"] = _options.Streams,
            ["streams moved"] = moves.Count,
            ["stream moved, median s"] = moves.Count == 0 ? 0 : Math.Round(moves[moves.Count / 2], 3),
            ["stream moved, worst s"] = moves.Count == 0 ? 0 : Math.Round(moves[^1], 3),
        };
    }

    public void Problem(string problem) => _problems.Add(problem);

    public async ValueTask DisposeAsync()
    {
        foreach (var writer in _writers)
        {
            await writer.DisposeAsync();
        }

        await Task.WhenAll(_sights.Select(sight => sight.DisposeAsync().AsTask()));
        await _streams.DisposeAsync();
        await _proxies.DisposeAsync();
        await Task.WhenAll(_backends.Select(backend => backend.DisposeAsync().AsTask()));
        _commands.Dispose();
        Probes.Dispose();
        _http.Dispose();
    }

    // The broken one is ejected by what proxies saw of it; the others by people.
    private async Task TakeOut(CancellationToken cancel)
    {
        await Must(_commands.Post($"v1/services/default/{Shop}/endpoints/byhand/eject", """{"duration":"24h","reason":"story"}"""));
        await Must(_commands.Post($"v1/services/default/{Shop}/endpoints/drained/drain"));
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            await _proxies.Forwards([Shop], TimeSpan.FromSeconds(20), cancel);
            var seen = await Task.WhenAll(Gateways.Select(gateway => Summary(gateway, Shop, cancel)));
            if (seen.All(service => service is { Healthy: 2, Ejected: 2, Draining: 1 }))
            {
                break;
            }

            if (Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(60))
            {
                throw new LocalClusterException($"The broken endpoint was not ejected within a minute: {string.Join("; ", seen.Select(service => service?.ToString()))}");
            }
        }

        // The proxies hear of it when the gateways do; a moment for requests that are under way.
        await Task.Delay(TimeSpan.FromSeconds(1), cancel);
        Sightings.Hold(Shop, healthy: 2, ejected: 2, draining: 1);
        foreach (var backend in _backends.Where(backend => backend.Id is "broken" or "byhand" or "drained"))
        {
            _requestsWhenOut[backend.Id] = backend.Requests;
            _streams.Hold(backend.Port, backend.Id);
        }
    }

    private async Task Connected(string when, CancellationToken cancel)
    {
        var start = Stopwatch.GetTimestamp();
        while (_streams.Connected < _options.Streams)
        {
            if (Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(60))
            {
                throw new LocalClusterException($"Only {_streams.Connected} of {_options.Streams} streams have an answer {when}.");
            }

            await Task.Delay(50, cancel);
        }
    }

    private async Task Converge(CancellationToken cancel)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            var seen = await Task.WhenAll(Gateways.Select(gateway => All(gateway, cancel)));
            if (seen.All(each => each.Count > 0 && each.SequenceEqual(seen[0])))
            {
                return;
            }

            if (Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(30))
            {
                var different = Gateways.Zip(seen).Select(pair => $"{pair.First.Name}: {string.Join(", ", pair.Second.Except(seen[0]).Take(3))}");
                _problems.Add($"the gateways do not show the same after 30 s: {string.Join("; ", different)}");
                return;
            }

            await Task.Delay(200, cancel);
        }
    }

    private async Task<IReadOnlyList<ServiceSummary>> All(SiloProcess gateway, CancellationToken cancel)
    {
        try
        {
            var page = await _http.GetFromJsonAsync<Page<ServiceSummary>>(new Uri(gateway.Rest, "v1/services?limit=1000"), Json, cancel);
            return page?.Items ?? [];
        }
        catch (Exception away) when (away is HttpRequestException or JsonException || (away is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            return [];
        }
    }

    private async Task<ServiceSummary?> Summary(SiloProcess gateway, string service, CancellationToken cancel) =>
        (await All(gateway, cancel)).FirstOrDefault(each => each.Name == service);

    private async Task<Found> Find(SiloProcess gateway, string service, CancellationToken cancel)
    {
        var root = new Uri(gateway.Rest, $"v1/services/default/{service}/");
        var endpoints = await _http.GetFromJsonAsync<Page<EndpointDetail>>(new Uri(root, "endpoints?limit=1000"), Json, cancel);
        var decisions = 0;
        foreach (var kind in new[] { "Ejected", "Restored" })
        {
            var ledger = await _http.GetFromJsonAsync<LedgerView>(new Uri(root, $"ledger?limit=1000&kind={kind}"), Json, cancel);
            decisions += ledger?.Items.Count ?? 0;
        }

        using var policy = await _http.GetAsync(new Uri(gateway.Rest, $"v1/policies/DestinationRule/default/{service}"), cancel);
        var version = policy.IsSuccessStatusCode ? (await policy.Content.ReadFromJsonAsync<PolicyView>(Json, cancel))!.Version : 0;
        return new Found(endpoints?.Items ?? [], version, decisions);
    }

    private static async Task Must(Task<CommandRecord> command)
    {
        var record = await command;
        if (!record.Acknowledged)
        {
            throw new LocalClusterException($"{record.What} was not done: {(int?)record.Status} {record.Body}");
        }
    }

    private static string Endpoint(Backend backend) => $"v1/services/default/{backend.Service}/endpoints/{backend.Id}";

    private static string Policy(string service) => $"""
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: {service}
        spec:
          host: {service}
          trafficPolicy:
            loadBalancer:
              simple: ROUND_ROBIN
            connectionPool:
              http:
                maxRetries: 64
            outlierDetection:
              consecutive5xxErrors: 3
              interval: 1h
              baseEjectionTime: 1h
              maxEjectionPercent: 80
        """;
}
