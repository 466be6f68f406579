using Mesh.Testing;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Mesh.Grains.Tests;

/// <summary>What goes wrong with a write.</summary>
public enum Fault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It fails, and has not happened.</summary>
    BeforeWriting,

    /// <summary>It fails, and has happened.</summary>
    AfterWriting,
}

/// <summary>A storage that takes its time, as disks do, counts, and fails when told to.</summary>
public sealed class FaultyStorage(InMemoryStorage inner) : IGrainStorage
{
    private readonly Dictionary<string, int> _writes = [];
    private readonly Lock _gate = new();

    /// <summary>Asked at each write or clear, with the state's name and the grain's key.</summary>
    public Func<string, string, Fault> Faults { get; set; } = (_, _) => Fault.None;

    /// <summary>Awaited at each write or clear, with the state's name: a test holds writes back with it.</summary>
    public Func<string, Task> Pause { get; set; } = _ => Task.CompletedTask;

    /// <summary>Whether rows can be read.</summary>
    public bool CanRead { get; set; } = true;

    /// <summary>How many writes and clears of a state were tried.</summary>
    public int Writes(string stateName)
    {
        lock (_gate)
        {
            return _writes.GetValueOrDefault(stateName);
        }
    }

    /// <summary>Fails the next write of a state, and only that one.</summary>
    public void FailNext(string stateName, Fault fault)
    {
        var failed = 0;
        Faults = (name, _) => name == stateName && Interlocked.Exchange(ref failed, 1) == 0 ? fault : Fault.None;
    }

    /// <summary>What lies below.</summary>
    public InMemoryStorage Inner => inner;

    /// <summary>Makes a row look as if another had written it.</summary>
    public void Disturb(string stateName, GrainId grainId) => inner.Disturb(stateName, grainId);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await Task.Yield();
        if (!CanRead)
        {
            throw new IOException("The disk does not answer, says the test.");
        }

        await inner.ReadStateAsync(stateName, grainId, grainState);
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        Write(stateName, grainId, grainState, () => inner.WriteStateAsync(stateName, grainId, grainState));

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        Write(stateName, grainId, grainState, () => inner.ClearStateAsync(stateName, grainId, grainState));

    private async Task Write<T>(string stateName, GrainId grainId, IGrainState<T> grainState, Func<Task> write)
    {
        lock (_gate)
        {
            _writes[stateName] = _writes.GetValueOrDefault(stateName) + 1;
        }

        var fault = Faults(stateName, grainId.Key.ToString()!);
        var etag = grainState.ETag;
        await Task.Yield();
        await Pause(stateName);
        if (fault == Fault.BeforeWriting)
        {
            throw new IOException("The disk is full, says the test.");
        }

        await write();
        if (fault == Fault.AfterWriting)
        {
            // Whoever did not get the answer did not get the new ETag either.
            grainState.ETag = etag;
            throw new IOException("The answer was lost, says the test.");
        }
    }
}
