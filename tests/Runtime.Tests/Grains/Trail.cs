using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Mesh.Runtime.Tests.Grains;

/// <summary>
/// What happened in the grains of one key, in order, and a gate that they wait at. Grains of either runtime live in the test's process,
/// so a test and its grains share it by the key.
/// </summary>
public sealed class Trail
{
    private static readonly ConcurrentDictionary<string, Trail> All = new();

    private readonly ConcurrentQueue<string> _events = new();
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _inside;
    private int _mostInside;

    private Trail(string key) => Key = key;

    public string Key { get; }

    public string[] Events => [.. _events];

    public string Text => string.Join(", ", _events);

    public int MostInside => Volatile.Read(ref _mostInside);

    public Task Gate => _gate.Task;

    /// <summary>A trail for this test alone.</summary>
    public static Trail New([CallerMemberName] string test = "") => Of($"{test}-{Guid.NewGuid():N}");

    public static Trail Of(string key) => All.GetOrAdd(key, static key => new Trail(key));

    public void Add(string what) => _events.Enqueue(what);

    public void Open() => _gate.TrySetResult();

    public void Enter()
    {
        var inside = Interlocked.Increment(ref _inside);
        if (inside > Volatile.Read(ref _mostInside))
        {
            Volatile.Write(ref _mostInside, inside);
        }
    }

    public void Leave() => Interlocked.Decrement(ref _inside);

    public Task Saw(string what) => Testing.Eventually.True(() => _events.Contains(what), $"'{what}' among '{Text}'");
}
