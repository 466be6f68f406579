using System.Threading.Channels;
using Mesh.Core;

namespace Mesh.Gateway.View;

/// <summary>
/// Which services are to be pulled. Each is in here at most once: a request for one that waits joins it, a request for one that is being
/// pulled asks for exactly one more pull after it. So the queue is bounded by the number of services, and a storm of hints about one
/// service costs two pulls. The alternative, a queue of hints, grows with the rate of change and pulls the same snapshot many times.
/// </summary>
/// <remarks>
/// It has two lanes with pullers of their own: what somebody waits for, and what comes in masses when a silo dies or everything is read again. In one queue the
/// next push would stand behind thousands of services, and behind those that do not answer.
/// </remarks>
/// <param name="capacity">Services at most; a request for one more is refused (overflow action: refuse, the next re-read asks again).</param>
internal sealed class PullQueue(int capacity)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ServiceId, Entry> _entries = [];

    // Unbounded as channels, bounded by _entries: an id is in each at most once, or once more after it has changed over.
    private readonly Channel<ServiceId> _now = Channel.CreateUnbounded<ServiceId>();
    private readonly Channel<ServiceId> _later = Channel.CreateUnbounded<ServiceId>();

    /// <summary>Asks for a pull that starts after this call; false when the queue is full. One that waits to be pulled later can so come to be pulled now.</summary>
    public bool Request(ServiceId service, string? traceParent, TaskCompletionSource? waiter = null, PullLane lane = PullLane.Now)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(service, out var entry))
            {
                if (_entries.Count >= capacity)
                {
                    return false;
                }

                _entries[service] = entry = new Entry();
            }

            entry.Next ??= new Pull(service);
            entry.Next.Join(traceParent, waiter);
            if (entry.Queued is null || (entry.Queued == PullLane.Later && lane == PullLane.Now))
            {
                entry.Queued = lane;
                Line(entry, service);
            }

            return true;
        }
    }

    /// <summary>The next pull of a lane. <see cref="Done"/> must follow, or the service is never pulled again.</summary>
    public async ValueTask<Pull> Take(PullLane lane, CancellationToken cancellationToken)
    {
        var waiting = (lane == PullLane.Now ? _now : _later).Reader;
        while (true)
        {
            var service = await waiting.ReadAsync(cancellationToken);
            lock (_gate)
            {
                // Who has changed over to the other lane left its place in this one behind.
                if (_entries.TryGetValue(service, out var entry) && entry.Queued == lane && !entry.Running)
                {
                    var pull = entry.Next!;
                    (entry.Next, entry.Queued, entry.Running) = (null, null, true);
                    pull.Lane = lane;
                    return pull;
                }
            }
        }
    }

    /// <summary>Ends a pull, and starts the next one of this service if it was asked for meanwhile.</summary>
    public void Done(Pull pull)
    {
        lock (_gate)
        {
            var entry = _entries[pull.Service];
            entry.Running = false;
            if (entry.Queued is null)
            {
                _entries.Remove(pull.Service);
            }
            else
            {
                Line(entry, pull.Service);
            }
        }
    }

    private void Line(Entry entry, ServiceId service)
    {
        if (!entry.Running)
        {
            (entry.Queued == PullLane.Now ? _now : _later).Writer.TryWrite(service);
        }
    }

    private sealed class Entry
    {
        public Pull? Next { get; set; }

        /// <summary>Where it waits; null when nobody asked for it.</summary>
        public PullLane? Queued { get; set; }

        public bool Running { get; set; }
    }
}

/// <summary>How soon a pull is wanted.</summary>
internal enum PullLane
{
    /// <summary>Something has changed, or somebody waits.</summary>
    Now,

    /// <summary>Something may have changed; there may be thousands of these.</summary>
    Later,
}

/// <summary>One pull, and all who asked for it.</summary>
internal sealed class Pull(ServiceId service)
{
    private List<TaskCompletionSource>? _waiters;

    public ServiceId Service => service;

    /// <summary>The lane it was taken from.</summary>
    public PullLane Lane { get; set; }

    /// <summary>The cause of the newest request that had one; null when nobody named any.</summary>
    public string? TraceParent { get; private set; }

    public void Join(string? traceParent, TaskCompletionSource? waiter)
    {
        TraceParent = traceParent ?? TraceParent;
        if (waiter is not null)
        {
            (_waiters ??= []).Add(waiter);
        }
    }

    public void Release() => _waiters?.ForEach(static waiter => waiter.TrySetResult());
}
