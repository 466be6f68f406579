using System.Globalization;
using Mesh.Simulation.Cluster.Hosts;
using Mesh.Simulation.Engine;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Mesh.Simulation.Cluster.Stores;

/// <summary>A row was written, or cleared.</summary>
/// <param name="State">The state's name.</param>
/// <param name="Key">The grain's key.</param>
/// <param name="Before">What was there; null for nothing.</param>
/// <param name="After">What is there now; null for nothing.</param>
/// <param name="By">Which process did it.</param>
public sealed record RowWritten(string State, string Key, object? Before, object? After, string By);

/// <summary>
/// Redis, as the grains' storage provider uses it: rows with ETags, each operation at once where the store is. What one process asks arrives in order, as on its one
/// connection. It can be away, slow, fail before it writes, and lose its answer after it wrote; who does not hear from it in time does not know.
/// </summary>
public sealed class StateStore(Simulator simulator, Wire wire, Dice dice, ClusterBug bug)
{
    /// <summary>Its name on the wire.</summary>
    public const string Name = "redis";

    /// <summary>How long an operation takes at most when all is well.</summary>
    public static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(2);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Dictionary<(string State, GrainId Grain), (object State, long Etag)> _rows = [];
    private readonly Dictionary<string, DateTimeOffset> _last = new(StringComparer.Ordinal);
    private long _etags;
    private long _writes;

    /// <summary>It answers nobody.</summary>
    public bool Away { get; set; }

    /// <summary>The chance that an operation fails and did nothing.</summary>
    public double Fails { get; set; }

    /// <summary>The chance that an operation is done and its answer is an error.</summary>
    public double LosesAnswers { get; set; }

    /// <summary>How long an operation takes at most.</summary>
    public TimeSpan Slowness { get; set; } = Usual;

    /// <summary>A row was written, whatever the writer hears of it.</summary>
    public event Action<RowWritten>? Written;

    /// <summary>The storage as one process sees it.</summary>
    public IGrainStorage For(Host host) => new Storage(this, host);

    /// <summary>A row as it is; null when there is none.</summary>
    public T? Find<T>(string state, string key)
        where T : class => _rows.Where(row => row.Key.State == state && row.Key.Grain.Key.ToString() == key).Select(row => row.Value.State as T).FirstOrDefault();

    private static string? Text(long? etag) => etag?.ToString(CultureInfo.InvariantCulture);

    private (object State, long Etag)? Read(string state, GrainId grain) => _rows.TryGetValue((state, grain), out var row) ? row : null;

    private long? Write(string state, GrainId grain, object? value, string? etag, string by)
    {
        var before = Read(state, grain);
        if (Text(before?.Etag) != etag && bug != ClusterBug.NoEtags)
        {
            throw new InconsistentStateException($"The row of {grain} is not what it was.", Text(before?.Etag), etag);
        }

        if (bug == ClusterBug.LosesRows && state == "endpoint" && ++_writes % 10 == 0)
        {
            return ++_etags;
        }

        if (value is null)
        {
            _rows.Remove((state, grain));
        }
        else
        {
            _rows[(state, grain)] = (value, ++_etags);
        }

        Written?.Invoke(new RowWritten(state, grain.Key.ToString()!, before?.State, value, by));
        return value is null ? null : _etags;
    }

    private Task<T> Ask<T>(Host host, Func<T> act)
    {
        var answer = new TaskCompletionSource<T>();
        var life = host.Life;
        host.After(Patience, () => answer.TrySetException(new TimeoutException("The storage does not answer.")));
        if (host.State == HostState.Down)
        {
            return answer.Task;
        }

        wire.Send(host.Name, Name, () => simulator.At(Turn(host.Name), () =>
        {
            if (Away)
            {
                return;
            }

            Action reply;
            try
            {
                var result = dice.Chance(Fails) ? throw new IOException("The storage is loading.") : act();
                reply = dice.Chance(LosesAnswers) ? () => answer.TrySetException(new IOException("The connection was reset.")) : () => answer.TrySetResult(result);
            }
            catch (Exception e) when (e is IOException or OrleansException)
            {
                reply = () => answer.TrySetException(e);
            }

            wire.Send(Name, host, life, reply);
        }));
        return answer.Task;
    }

    /// <summary>When an operation is done that arrives now: after all that came before it on the connection.</summary>
    private DateTimeOffset Turn(string connection)
    {
        var at = simulator.Now + Slowness * dice.NextDouble();
        return _last[connection] = _last.TryGetValue(connection, out var last) && last > at ? last : at;
    }

    private sealed class Storage(StateStore store, Host host) : IGrainStorage
    {
        public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            var row = await store.Ask(host, () => store.Read(stateName, grainId));
            grainState.State = row is { } found ? (T)found.State : Activator.CreateInstance<T>();
            grainState.ETag = Text(row?.Etag);
            grainState.RecordExists = row is not null;
        }

        public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            var (value, etag, by) = (store.Changed(stateName, grainState.State!), grainState.ETag, host.Address);
            var written = await store.Ask(host, () => store.Write(stateName, grainId, value, etag, by));
            grainState.ETag = Text(written);
            grainState.RecordExists = true;
        }

        public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            var (etag, by) = (grainState.ETag, host.Address);
            await store.Ask(host, () => store.Write(stateName, grainId, null, etag, by));
            grainState.State = Activator.CreateInstance<T>();
            grainState.ETag = null;
            grainState.RecordExists = false;
        }
    }

    /// <summary>What a planted bug makes of a row.</summary>
    private object Changed(string state, object value) => (bug, value) switch
    {
        (ClusterBug.NoEpochs, Grains.Services.ServiceRow row) => row with { Epoch = 0 },
        (ClusterBug.ForgetsEjections, Grains.Endpoints.EndpointRow { State: { } endpoint } row) => row with { State = endpoint with { Ejection = null } },
        (ClusterBug.ForgetsLedger, Core.Ledger.LedgerSegment) => Core.Ledger.LedgerSegment.Empty,
        _ => value,
    };
}
