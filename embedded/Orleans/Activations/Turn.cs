namespace Orleans.Runtime;

/// <summary>One call or timer tick, as an activation runs it. Its task is made by the caller, so the caller's execution context flows.</summary>
internal abstract class Turn
{
    private readonly Task _begin;
    private TurnQueue? _queue;

    private protected Turn(bool alwaysInterleave, bool keepAlive)
    {
        AlwaysInterleave = alwaysInterleave;
        KeepAlive = keepAlive;
        _begin = new Task(static turn => _ = ((Turn)turn!).Run(), this);
    }

    internal bool AlwaysInterleave { get; }

    /// <summary>Whether it counts as use of the activation.</summary>
    internal bool KeepAlive { get; }

    /// <summary>Whether nobody waits for it any more.</summary>
    internal virtual bool IsOver => false;

    internal void Start(TurnQueue queue)
    {
        _queue = queue;
        _begin.Start(queue.Scheduler);
    }

    /// <summary>It will not run.</summary>
    internal abstract void Reject(Exception exception);

    /// <summary>Runs it to its end; never throws.</summary>
    private protected abstract Task Execute(Activation? activation);

    /// <summary>Runs something beside this turn where this turn runs.</summary>
    private protected void Schedule(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _queue?.Scheduler ?? TaskScheduler.Default);

    private async Task Run()
    {
        try
        {
            await Execute(_queue!.Activation);
        }
        finally
        {
            _queue!.Complete(this);
        }
    }
}
