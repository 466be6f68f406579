using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Mesh.Testing;

/// <summary>
/// A grain storage that outlives the silo it serves, so that a test can start a second silo on what the first one wrote. It keeps JSON, so
/// what a state loses on its way to disk it loses here too. A test can make it fail.
/// </summary>
public sealed class InMemoryStorage : IGrainStorage
{
    private readonly ConcurrentDictionary<string, (string Json, string Etag)> _records = new();
    private long _version;

    /// <summary>Called before each write and clear with the state's name and the grain; what it throws, the storage throws.</summary>
    public Action<string, GrainId>? BeforeWrite { get; set; }

    /// <summary>The records' names: <c>state/type/key</c>.</summary>
    public IEnumerable<string> Records => _records.Keys;

    /// <summary>A record as it was written.</summary>
    public string Json(string record) => _records[record].Json;

    /// <summary>Puts a record there as if some other program had written it.</summary>
    public void Put(string record, string json) => _records[record] = (json, NextEtag());

    /// <summary>Changes a record's ETag behind its grain's back.</summary>
    public void Disturb(string stateName, GrainId grainId)
    {
        var key = Key(stateName, grainId);
        _records[key] = (_records[key].Json, NextEtag());
    }

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var found = _records.TryGetValue(Key(stateName, grainId), out var record);
        grainState.State = found ? JsonSerializer.Deserialize<T>(record.Json) : NewState<T>();
        grainState.ETag = found ? record.Etag : null;
        grainState.RecordExists = found;
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = Key(stateName, grainId);
        BeforeWrite?.Invoke(stateName, grainId);
        var record = (JsonSerializer.Serialize(grainState.State), NextEtag());
        var written = _records.TryGetValue(key, out var held)
            ? held.Etag == grainState.ETag && _records.TryUpdate(key, record, held)
            : grainState.ETag is null && _records.TryAdd(key, record);
        Check(written, key, held.Etag, grainState.ETag);
        (grainState.ETag, grainState.RecordExists) = (record.Item2, true);
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = Key(stateName, grainId);
        BeforeWrite?.Invoke(stateName, grainId);
        Check(!_records.TryGetValue(key, out var held) || (held.Etag == grainState.ETag && _records.TryRemove(new(key, held))), key, held.Etag, grainState.ETag);
        (grainState.State, grainState.ETag, grainState.RecordExists) = (NewState<T>(), null, false);
        return Task.CompletedTask;
    }

    private static T? NewState<T>() =>
        typeof(T).IsValueType || typeof(T).GetConstructor(Type.EmptyTypes) is not null ? Activator.CreateInstance<T>() : default;

    private static string Key(string stateName, GrainId grainId) => $"{stateName}/{grainId}";

    private static void Check(bool done, string key, string? held, string? given)
    {
        if (!done)
        {
            throw new InconsistentStateException($"'{key}' was written by someone else.", held, given);
        }
    }

    private string NextEtag() => Interlocked.Increment(ref _version).ToString(CultureInfo.InvariantCulture);
}
