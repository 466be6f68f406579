using Grpc.Core;
using Mesh.Xds.Encoding;

namespace Mesh.Gateway.Streams;

/// <summary>
/// Sends what a stream has to send. It is no loop: it is a piece of work that is put on the thread pool when there is something to do and ends when there is
/// nothing, so that an idle stream holds no task, and a push to thousands costs one short visit each. Nearly every write completes at once, as it is a copy of
/// shared bytes into a buffer; only one that does not is awaited, within a limit of time.
/// </summary>
internal sealed class AdsWriter(
    IAdsOutbox outbox,
    IServerStreamWriter<EncodedResponse> responses,
    FirstPushes firstPushes,
    StreamOptions options,
    TimeProvider time,
    CancellationToken cancellationToken) : IThreadPoolWorkItem
{
    private const int NotStarted = 0;
    private const int Idle = 1;
    private const int Running = 2;
    private const int RunningAndWoken = 3;
    private const int Stopping = 4;
    private const int Stopped = 5;

    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;

    /// <summary>Never completes but by failing, with the reason why nothing more can be sent.</summary>
    public Task Failed => _failed.Task;

    /// <summary>Begins; what there is to send until then waits in the outbox.</summary>
    public void Start()
    {
        if (Interlocked.CompareExchange(ref _state, Running, NotStarted) == NotStarted)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>There may be something to send. Costs nothing when it is known already.</summary>
    public void Wake()
    {
        while (true)
        {
            switch (Volatile.Read(ref _state))
            {
                case Idle:
                    if (Interlocked.CompareExchange(ref _state, Running, Idle) == Idle)
                    {
                        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                        return;
                    }

                    break;
                case Running:
                    if (Interlocked.CompareExchange(ref _state, RunningAndWoken, Running) == Running)
                    {
                        return;
                    }

                    break;
                default:
                    return;
            }
        }
    }

    /// <summary>Ends it; when the task completes, nothing is being written any more. Whoever cannot wait for a write that is under way has to call it off. May be said twice.</summary>
    public Task Stop()
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if (state is Stopping or Stopped)
            {
                return _stopped.Task;
            }

            var next = state is NotStarted or Idle ? Stopped : Stopping;
            if (Interlocked.CompareExchange(ref _state, next, state) == state)
            {
                if (next == Stopped)
                {
                    _stopped.TrySetResult();
                }

                return _stopped.Task;
            }
        }
    }

    /// <summary>Sends until there is nothing more, or a write has to be waited for.</summary>
    public void Execute()
    {
        try
        {
            while (true)
            {
                while (Volatile.Read(ref _state) != Stopping && outbox.Next() is { } push)
                {
                    if (push.IsFirst && !firstPushes.TryEnter())
                    {
                        _ = GoOn(SendWhenLet(push));
                        return;
                    }

                    var sending = Send(push);
                    if (!sending.IsCompletedSuccessfully)
                    {
                        _ = GoOn(sending);
                        return;
                    }
                }

                if (Interlocked.CompareExchange(ref _state, Idle, Running) == Running)
                {
                    return;
                }

                if (Interlocked.CompareExchange(ref _state, Running, RunningAndWoken) != RunningAndWoken)
                {
                    End(null);
                    return;
                }
            }
        }
        catch (Exception error)
        {
            End(error);
        }
    }

    private async Task SendWhenLet(Push push)
    {
        await firstPushes.Enter(cancellationToken);
        await Send(push);
    }

    private Task Send(Push push)
    {
        var started = time.GetTimestamp();
        Task writing;
        try
        {
            writing = responses.WriteAsync(push.Response, cancellationToken);
        }
        catch (Exception error)
        {
            writing = Task.FromException(error);
        }

        if (push.IsFirst)
        {
            _ = firstPushes.Leave(writing);
        }

        if (!writing.IsCompletedSuccessfully)
        {
            return Finish(writing, push, started);
        }

        outbox.Sent(push, time.GetElapsedTime(started));
        return Task.CompletedTask;
    }

    private async Task Finish(Task writing, Push push, long started)
    {
        try
        {
            // Only a client that does not keep up needs the clock.
            await writing.WaitAsync(options.WriteTimeout, time, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            _failed.TrySetException(Peers.Close("unread", StatusCode.Aborted, $"A response was not read within {options.WriteTimeout.TotalSeconds:0} s."));
            // Whoever waits for the end calls off the write.
            await writing;
        }

        outbox.Sent(push, time.GetElapsedTime(started));
    }

    private async Task GoOn(Task sending)
    {
        try
        {
            await sending;
        }
        catch (Exception error)
        {
            End(error);
            return;
        }

        Execute();
    }

    private void End(Exception? error)
    {
        Volatile.Write(ref _state, Stopped);
        if (error is not null)
        {
            _failed.TrySetException(error);
        }

        _stopped.TrySetResult();
    }
}

/// <summary>A response to write.</summary>
/// <param name="Response">It.</param>
/// <param name="IsFirst">Whether it is the first of its type on this stream.</param>
/// <param name="Pushed">The newest of it, if that has changed since the client last asked for something more; null when it is only an answer.</param>
internal readonly record struct Push(EncodedResponse Response, bool IsFirst, EncodedResource? Pushed);

/// <summary>Where a writer finds what to send.</summary>
internal interface IAdsOutbox
{
    /// <summary>What to send now; null when there is nothing.</summary>
    Push? Next();

    /// <summary>It was written.</summary>
    void Sent(in Push push, TimeSpan took);
}
