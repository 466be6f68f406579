using System.Threading.Channels;
using Mesh.Core;

namespace Mesh.Gateway.View;

/// <summary>
/// Which services are to be pulled. Each is in here at most once: a request for one that waits joins it, a request for one that is being
/// pulled asks for exactly one more pull after it. So the queue is bounded by the number of services, and a storm of hints about one
/// service costs two pulls. The alternative, a queue of hints, grows with the rate of change and pulls the same snapshot many times.
/// </summary>
/// <param name="capacity">Services at most; a request for one more is refused (overflow action: refuse, the next re-read asks again).</param>
internal sealed class PullQueue(int capacity)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ServiceId, Entry> _entries = [];

    // Unbounded as a channel, bounded by _entries: an id is in it at most once.
    private readonly Channel<ServiceId> _ready = Channel.CreateUnbounded<ServiceId>();

    /// <summary>Asks for a pull that starts after this call; false when the queue is full.</summary>
    public bool Request(ServiceId service, string? traceParent, TaskCompletionSource? waiter = null)
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
            if (!entry.Queued)
            {
                entry.Queued = true;
                if (!entry.Running)
                {
                    _ready.Writer.TryWrite(service);
                }
            }

            return true;
        }
    }

    /// <summary>The next pull to do. <see cref="Done"/> must follow, or the service is never pulled again.</summary>
    public async ValueTask<Pull> Take(CancellationToken cancellationToken)
    {
        var service = await _ready.Reader.ReadAsync(cancellationToken);
        lock (_gate)
        {
            var entry = _entries[service];
            var pull = entry.Next!;
            (entry.Next, entry.Queued, entry.Running) = (null, false, true);
            return pull;
        }
    }

    /// <summary>Ends a pull, and starts the next one of this service if it was asked for meanwhile.</summary>
    public void Done(Pull pull)
    {
        lock (_gate)
        {
            var entry = _entries[pull.Service];
            entry.Running = false;
            if (entry.Queued)
            {
                _ready.Writer.TryWrite(pull.Service);
            }
            else
            {
                _entries.Remove(pull.Service);
            }
        }
    }

    private sealed class Entry
    {
        public Pull? Next { get; set; }

        public bool Queued { get; set; }

        public bool Running { get; set; }
    }
}

/// <summary>One pull, and all who asked for it.</summary>
internal sealed class Pull(ServiceId service)
{
    private List<TaskCompletionSource>? _waiters;

    public ServiceId Service => service;

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
