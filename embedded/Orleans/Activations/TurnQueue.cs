namespace Orleans.Runtime;

/// <summary>
/// Who may run now. A turn begins when nothing runs, or when the attributes say that it may run between the awaits of what does; the
/// others wait in order. This is apart from the scheduler, which keeps whatever runs to one thread at a time.
/// The queue has no bound of its own: a waiting call lasts no longer than its caller's time-out, so its callers bound it.
/// </summary>
internal sealed class TurnQueue(TaskScheduler scheduler, Activation? activation, bool reentrant)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<Turn> _waiting = new();
    private bool _open;
    private bool _closed;
    private int _running;
    private int _exclusive;
    private TaskCompletionSource? _idle;

    internal TaskScheduler Scheduler { get; } = scheduler;

    internal Activation? Activation { get; } = activation;

    internal bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _running == 0 && _waiting.Count == 0;
            }
        }
    }

    /// <summary>Takes a turn; false when it is closed for good.</summary>
    internal bool Post(Turn turn)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return false;
            }

            // Not before those who wait, even in the moment between one turn's end and the next one's beginning.
            if (!_open || !MayStart(turn) || (_waiting.Count > 0 && !Interleaves(turn)))
            {
                _waiting.AddLast(turn);
                return true;
            }

            Count(turn, 1);
        }

        turn.Start(this);
        return true;
    }

    internal void Open()
    {
        lock (_gate)
        {
            _open = true;
        }

        StartWaiting(justOpened: true);
    }

    /// <summary>Starts nothing more; the task completes when what runs is done.</summary>
    internal Task Pause()
    {
        lock (_gate)
        {
            _open = false;
            if (_running == 0)
            {
                return Task.CompletedTask;
            }

            _idle = new(GrainRuntime.Continuations(Activation?.Runtime));
            return _idle.Task;
        }
    }

    /// <summary>Takes no more, and gives back what still waits.</summary>
    internal Turn[] Close()
    {
        lock (_gate)
        {
            _open = false;
            _closed = true;
            var left = _waiting.ToArray();
            _waiting.Clear();
            return left;
        }
    }

    internal void Complete(Turn turn)
    {
        if (turn.KeepAlive)
        {
            Activation?.Touch();
        }

        TaskCompletionSource? idle;
        lock (_gate)
        {
            Count(turn, -1);
            idle = _running == 0 ? _idle : null;
        }

        idle?.TrySetResult();
        StartWaiting(justOpened: false);
    }

    private void StartWaiting(bool justOpened)
    {
        List<Turn>? ready = null;
        lock (_gate)
        {
            for (var node = _open ? _waiting.First : null; node is not null;)
            {
                var next = node.Next;
                if (MayStart(node.Value))
                {
                    Count(node.Value, 1);
                    (ready ??= []).Add(node.Value);
                    _waiting.Remove(node);
                }
                else if (!justOpened)
                {
                    // What always interleaves has begun on arrival, or when this was opened: behind a turn that must wait there is nothing to find.
                    break;
                }

                node = next;
            }
        }

        ready?.ForEach(turn => turn.Start(this));
    }

    private bool Interleaves(Turn turn) => reentrant || turn.AlwaysInterleave;

    private bool MayStart(Turn turn) => Interleaves(turn) || _exclusive == 0;

    private void Count(Turn turn, int by)
    {
        _running += by;
        _exclusive += Interleaves(turn) ? 0 : by;
    }
}
