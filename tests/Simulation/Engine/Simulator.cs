namespace Mesh.Simulation.Engine;

/// <summary>
/// The one queue of events that everything simulated hangs on, and the only clock that is true.
/// <para>
/// Think of a stage manager with one script: whoever wants something to happen later has it written in, and nobody moves until his line
/// comes. Of two lines at the same moment the one written first comes first, so a run is decided by its seed alone, on any machine.
/// </para>
/// <para>
/// Rejected: the real shells on a virtual clock (Orleans, Kestrel and channels schedule on threads, whose order no seed decides). So the shells are
/// modelled, small, and all that decides something is real.
/// </para>
/// </summary>
public sealed class Simulator
{
    /// <summary>When every simulation begins.</summary>
    public static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<Action, (long Ticks, long Order)> _queue = new();
    private long _order;

    /// <summary>The true time.</summary>
    public DateTimeOffset Now { get; private set; } = Start;

    /// <summary>Time since the start.</summary>
    public TimeSpan Elapsed => Now - Start;

    /// <summary>Events that have happened.</summary>
    public long Events { get; private set; }

    /// <summary>Called after each event; where checkers look.</summary>
    public Action? AfterEach { get; set; }

    /// <summary>Something happens at a time; at once when that is over.</summary>
    public void At(DateTimeOffset when, Action happen) => _queue.Enqueue(happen, (Math.Max(when.Ticks, Now.Ticks), _order++));

    /// <summary>Something happens after a while.</summary>
    public void After(TimeSpan wait, Action happen) => At(Now + wait, happen);

    /// <summary>Something happens again and again, for the first time after a while, until it says false.</summary>
    public void Every(TimeSpan first, TimeSpan period, Func<bool> happen)
    {
        After(first, Again);

        void Again()
        {
            if (happen())
            {
                After(period, Again);
            }
        }
    }

    /// <summary>Lets everything happen up to a time, which it then is.</summary>
    public void RunUntil(DateTimeOffset end)
    {
        while (_queue.TryPeek(out var happen, out var at) && at.Ticks <= end.Ticks)
        {
            _queue.Dequeue();
            Now = new DateTimeOffset(at.Ticks, TimeSpan.Zero);
            Events++;
            happen();
            AfterEach?.Invoke();
        }

        Now = end;
    }
}
