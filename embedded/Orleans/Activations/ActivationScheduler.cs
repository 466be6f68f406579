namespace Orleans.Runtime;

/// <summary>
/// Runs an activation's tasks on the thread pool, one at a time, in order. An await in a grain comes back here, so a grain never sees
/// two threads; Task.Run and ConfigureAwait(false) leave it, as they do in Orleans.
/// </summary>
internal sealed class ActivationScheduler(Activation activation) : TaskScheduler, IThreadPoolWorkItem
{
    /// <summary>How many tasks one activation may run before others get the thread.</summary>
    private const int Batch = 64;

    private readonly Queue<Task> _tasks = new();
    private bool _scheduled;

    public override int MaximumConcurrencyLevel => 1;

    void IThreadPoolWorkItem.Execute()
    {
        RuntimeContext.Current = activation;
        try
        {
            for (var i = 0; i < Batch; i++)
            {
                Task? task;
                lock (_tasks)
                {
                    if (!_tasks.TryDequeue(out task))
                    {
                        _scheduled = false;
                        return;
                    }
                }

                TryExecuteTask(task);
            }
        }
        finally
        {
            RuntimeContext.Current = null;
        }

        Schedule(preferLocal: false);
    }

    protected override void QueueTask(Task task)
    {
        lock (_tasks)
        {
            _tasks.Enqueue(task);
            if (_scheduled)
            {
                return;
            }

            _scheduled = true;
        }

        Schedule(preferLocal: true);
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && RuntimeContext.Current == activation && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_tasks)
        {
            return [.. _tasks];
        }
    }

    private void Schedule(bool preferLocal)
    {
        if (activation.Runtime.Platform is { } platform)
        {
            platform.Execute(this);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal);
        }
    }
}
