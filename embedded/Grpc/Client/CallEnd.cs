using Grpc.Core;

namespace Grpc.Internal;

/// <summary>The first thing that ended a call, and the token that stops everything else in it. The first writer wins.</summary>
internal sealed class CallEnd : IDisposable
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource source = new();
    private readonly CancellationTokenRegistration byCaller;
    private readonly CancellationTokenRegistration byChannel;
    private readonly Timer? timer;
    private readonly DateTime deadline = DateTime.MaxValue;
    private Action? cleanup;
    private Status? status;

    public CallEnd(CallOptions options, CancellationToken channelDisposed)
    {
        Token = source.Token;
        if (options.Deadline is { } given && given != DateTime.MaxValue)
        {
            deadline = given.ToUniversalTime();
            timer = new Timer(static end => ((CallEnd)end!).OnTimer(), this, Timeout.Infinite, Timeout.Infinite);
            OnTimer();
        }
        byChannel = channelDisposed.UnsafeRegister(static end => ((CallEnd)end!).Cancel(), this);
        byCaller = options.CancellationToken.UnsafeRegister(static end => ((CallEnd)end!).Cancel(), this);
        if (status is not null)
        {
            // It ended while it was being made, before there was something to let go of.
            Dispose();
        }
    }

    /// <summary>Cancelled when the call ends for any reason but trailers.</summary>
    public CancellationToken Token { get; }

    /// <summary>Null while the call runs.</summary>
    public Status? Status
    {
        get
        {
            lock (gate)
            {
                return status;
            }
        }
    }

    public Metadata Trailers { get; private set; } = Metadata.Empty;

    public void Cancel() => TrySet(new Status(StatusCode.Cancelled, "Call canceled by the client."));

    /// <summary>What to do when the call ends; at once if it has.</summary>
    public void OnEnd(Action action)
    {
        lock (gate)
        {
            if (status is null)
            {
                cleanup = action;
                return;
            }
        }
        action();
    }

    public bool TrySet(Status ended, Metadata? trailers = null)
    {
        Action? release;
        lock (gate)
        {
            if (status is not null)
            {
                return false;
            }
            Trailers = trailers ?? Metadata.Empty;
            status = ended;
            release = cleanup;
        }
        source.Cancel();
        release?.Invoke();
        Dispose();
        return true;
    }

    /// <summary>For a server that ends with OK what was not OK: its word does not hold.</summary>
    public void Replace(Status ended)
    {
        if (!TrySet(ended))
        {
            lock (gate)
            {
                status = ended;
            }
        }
    }

    public RpcException ToException()
    {
        var ended = Status ?? Core.Status.DefaultCancelled;
        return new RpcException(ended, Trailers);
    }

    /// <summary>Lets go of the timer and of the tokens it listens to; the end does this by itself.</summary>
    public void Dispose()
    {
        timer?.Dispose();
        // Unregister and not Dispose: the end may come from inside one of these callbacks.
        byCaller.Unregister();
        byChannel.Unregister();
        source.Dispose();
    }

    private void OnTimer()
    {
        var left = deadline - DateTime.UtcNow;
        if (left <= TimeSpan.Zero)
        {
            TrySet(new Status(StatusCode.DeadlineExceeded, ""));
            return;
        }
        try
        {
            // A timer has a longest time; a later deadline takes several. One millisecond more, so as not to come early.
            timer!.Change((long)Math.Min(left.TotalMilliseconds + 1, int.MaxValue), Timeout.Infinite);
        }
        catch (ObjectDisposedException)
        {
            // The call ended meanwhile.
        }
    }
}
