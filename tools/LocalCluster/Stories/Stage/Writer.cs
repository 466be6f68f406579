using System.Globalization;

namespace Mesh.Local.Stories.Stage;

/// <summary>What a writer's service must be like, by what was acknowledged.</summary>
internal sealed class Promised(string service)
{
    public string Service { get; } = service;

    /// <summary>Endpoints by id: configured weight, and whether somebody ejected it.</summary>
    public SortedDictionary<string, (int Weight, bool Ejected)> Endpoints { get; } = new(StringComparer.Ordinal);

    /// <summary>Distinct documents put.</summary>
    public int Documents { get; set; }

    /// <summary>Ejections and restorations by hand: so many entries has the ledger.</summary>
    public int Decisions { get; set; }
}

/// <summary>
/// Somebody who changes one service all the time: registers, reweighs, removes, ejects, restores, puts documents. Nobody else touches that service, so
/// what it must look like is known after each answer, and one change that was lost or made twice shows in the end.
/// </summary>
internal sealed class Writer : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(40);
    private const int MostEndpoints = 12;

    private readonly Commands _commands;
    private readonly Random _random;
    private readonly string _path;
    private readonly string _name;
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private int _ids;

    public Writer(IReadOnlyList<Uri> gateways, int number, int seed)
    {
        _name = string.Create(CultureInfo.InvariantCulture, $"writer-{number}");
        _commands = new Commands(gateways, $"{_name}-{seed}");
        _random = new Random(unchecked((seed * 397) ^ number));
        _path = $"v1/services/default/{_name}";
        Promised = new Promised(_name);
    }

    public Promised Promised { get; }

    public IReadOnlyCollection<CommandRecord> Records => _commands.Records;

    /// <summary>What went wrong with the commands themselves.</summary>
    public string? Trouble { get; private set; }

    public void Start() => _running = Task.Run(Run);

    /// <summary>Lets it finish the command under way.</summary>
    public async Task Stop()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await Stop();
        _commands.Dispose();
        _stop.Dispose();
    }

    private async Task Run()
    {
        while (!_stop.IsCancellationRequested && Trouble is null)
        {
            await Change();
            await Task.Delay(Pause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task Change()
    {
        var dice = Promised.Documents == 0 ? 99 : _random.Next(100);
        var ids = Promised.Endpoints.Keys.ToArray();
        var one = ids.Length == 0 ? "" : ids[_random.Next(ids.Length)];
        if (dice >= 75)
        {
            await PutDocument();
        }
        else if (ids.Length < 3 || (dice < 25 && ids.Length < MostEndpoints))
        {
            await Register(string.Create(CultureInfo.InvariantCulture, $"e{++_ids}"));
        }
        else if (dice < 45)
        {
            await Register(one);
        }
        else if (dice < 60)
        {
            await Remove(one);
        }
        else
        {
            await Decide(one);
        }
    }

    private async Task Register(string id)
    {
        var weight = _random.Next(1, 1000);
        var body = string.Create(CultureInfo.InvariantCulture, $$"""{"address":"127.0.0.1","port":9,"weight":{{weight}},"instanceId":"{{id}}"}""");
        if (await Done(_commands.Put($"{_path}/endpoints/{id}", body)))
        {
            Promised.Endpoints[id] = (weight, Promised.Endpoints.TryGetValue(id, out var before) && before.Ejected);
        }
    }

    private async Task Remove(string id)
    {
        if (await Done(_commands.Delete($"{_path}/endpoints/{id}")))
        {
            Promised.Endpoints.Remove(id);
        }
    }

    private async Task Decide(string id)
    {
        var (weight, ejected) = Promised.Endpoints[id];
        var command = ejected ? _commands.Post($"{_path}/endpoints/{id}/restore") : _commands.Post($"{_path}/endpoints/{id}/eject", """{"duration":"24h","reason":"story"}""");
        if (await Done(command))
        {
            Promised.Endpoints[id] = (weight, !ejected);
            Promised.Decisions++;
        }
    }

    private async Task PutDocument()
    {
        var document = string.Create(CultureInfo.InvariantCulture, $$"""
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata:
              name: {{_name}}
            spec:
              host: {{_name}}
              trafficPolicy:
                outlierDetection:
                  interval: 1h
                  baseEjectionTime: 24h
                  maxEjectionPercent: 100
                  consecutive5xxErrors: {{Promised.Documents + 5}}
            """);
        if (await Done(_commands.Put($"v1/policies/DestinationRule/default/{_name}", document, "application/yaml")))
        {
            Promised.Documents++;
        }
    }

    private async Task<bool> Done(Task<CommandRecord> command)
    {
        var record = await command;
        if (!record.Acknowledged)
        {
            Trouble = $"{record.What} ({record.Operation}) was not done after {record.Attempts} attempts in {record.Took.TotalSeconds:0.0} s: {(int?)record.Status} {record.Body}";
        }

        return record.Acknowledged;
    }
}
