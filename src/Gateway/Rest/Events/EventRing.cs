using Mesh.Api;

namespace Mesh.Gateway.Rest.Events;

/// <summary>
/// The last events, in order. Readers hold only a number, the id of the last event they had, and look for what came after it; nobody
/// has a queue, so a slow reader costs nothing and cannot hold up the writer. Who falls behind further than the ring remembers is told so.
/// </summary>
internal sealed class EventRing
{
    private readonly Lock _gate = new();
    private readonly MeshEvent[] _ring;
    private readonly long _first;
    private long _next;
    private TaskCompletionSource _news = New();

    /// <param name="capacity">How many events are remembered.</param>
    /// <param name="firstId">The id of the first one: greater than any of an earlier life of the process, so that ids always grow.</param>
    public EventRing(int capacity, long firstId)
    {
        _ring = new MeshEvent[capacity];
        _first = _next = firstId;
    }

    /// <summary>The id of the newest event.</summary>
    public long Newest
    {
        get
        {
            lock (_gate)
            {
                return _next - 1;
            }
        }
    }

    /// <summary>Adds an event; the oldest one makes room.</summary>
    public void Add(Func<long, MeshEvent> make)
    {
        TaskCompletionSource news;
        lock (_gate)
        {
            _ring[_next % _ring.Length] = make(_next);
            _next++;
            (news, _news) = (_news, New());
        }

        news.SetResult();
    }

    /// <summary>What came after an id, at most so many; and a task that ends when there is more.</summary>
    /// <returns>Missed is true when events after that id are forgotten already, or the id is not one of this ring's.</returns>
    public (IReadOnlyList<MeshEvent> Events, bool Missed, Task More) After(long id, int most)
    {
        lock (_gate)
        {
            var oldest = Math.Max(_first, _next - _ring.Length);
            var missed = id < oldest - 1 || id >= _next;
            var events = new List<MeshEvent>();
            for (var i = missed ? oldest : id + 1; i < _next && events.Count < most; i++)
            {
                events.Add(_ring[i % _ring.Length]);
            }

            return (events, missed, events.Count > 0 ? Task.CompletedTask : _news.Task);
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
