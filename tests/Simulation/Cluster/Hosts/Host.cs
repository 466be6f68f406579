using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Cluster.Hosts;

/// <summary>How a process is.</summary>
public enum HostState
{
    /// <summary>There is none.</summary>
    Down,

    /// <summary>It runs.</summary>
    Running,

    /// <summary>It was stopped by a signal: nothing of it runs, what is sent to it waits in its sockets, and its clock has moved on when it goes on.</summary>
    Frozen,
}

/// <summary>
/// One process. All that it does passes <see cref="Run"/>: so what dies with it never happens, and what it would have done while it was frozen happens when it
/// is thawed, in the same order.
/// </summary>
public class Host
{
    private readonly Simulator _simulator;
    private readonly List<Action> _held = [];
    private readonly int _thread = Environment.CurrentManagedThreadId;

    public Host(Simulator simulator, string name)
    {
        (_simulator, Name) = (simulator, name);
        Clock = new HostClock(simulator, this);
        Scheduler = new HostScheduler(this);
    }

    public string Name { get; }

    /// <summary>Grows with each start.</summary>
    public long Life { get; private set; }

    /// <summary>Which process this is: a name is used again, an address never.</summary>
    public string Address => $"{Name}@{Life}";

    public HostState State { get; private set; }

    public HostClock Clock { get; }

    /// <summary>Runs this process's tasks; an await in one of them comes back to it.</summary>
    public HostScheduler Scheduler { get; }

    /// <summary>Something ran for it on another thread, after which no seed decides what happens: where that was; null as it should be.</summary>
    public string? Leak { get; private set; }

    /// <summary>It does something, as soon as it can.</summary>
    public void Run(Action act) => After(TimeSpan.Zero, act);

    /// <summary>It does something after a while, unless it is another process by then.</summary>
    public void After(TimeSpan wait, Action act)
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            // What a process that is gone has left to the garbage collector is ended there, and nobody hears of it.
            var trace = Environment.StackTrace;
            Leak ??= trace.Contains("RunFinalizers", StringComparison.Ordinal) ? null : trace;
            return;
        }

        var life = Life;
        _simulator.After(wait, () => Do(life, act));
    }

    /// <summary>Begins something that goes on by itself.</summary>
    public Task Start(Func<Task> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, Scheduler).Unwrap();

    /// <summary>Waits.</summary>
    public Task Wait(TimeSpan time) => Task.Delay(time, Clock);

    public void Freeze() => State = State == HostState.Running ? HostState.Frozen : State;

    public void Thaw()
    {
        if (State == HostState.Frozen)
        {
            State = HostState.Running;
            foreach (var act in _held)
            {
                Run(act);
            }

            _held.Clear();
        }
    }

    protected void Begin()
    {
        Life++;
        State = HostState.Running;
        _held.Clear();
    }

    protected void End()
    {
        State = HostState.Down;
        _held.Clear();
    }

    private void Do(long life, Action act)
    {
        if (life != Life || State == HostState.Down)
        {
            return;
        }

        if (State == HostState.Frozen)
        {
            _held.Add(act);
        }
        else
        {
            act();
        }
    }
}
