using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>Posts a tick as a turn when it is due; the next is counted from the tick's end, so ticks never overlap or pile up.</summary>
internal sealed class GrainTimer : IGrainTimer
{
    private readonly Activation _activation;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly bool _interleave;
    private readonly bool _keepAlive;
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _timer;
    private TimeSpan _dueTime = Timeout.InfiniteTimeSpan;
    private TimeSpan _period = Timeout.InfiniteTimeSpan;
    private bool _changed;
    private volatile bool _firing;

    internal GrainTimer(Activation activation, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        _activation = activation;
        _callback = callback;
        _interleave = options.Interleave;
        _keepAlive = options.KeepAlive;

        // A tick belongs to no call: it must not carry the trace or the request context of whoever registered it.
        using (ExecutionContext.IsFlowSuppressed() ? default(IDisposable) : ExecutionContext.SuppressFlow())
        {
            _timer = activation.Runtime.Time.CreateTimer(
                static timer => ((GrainTimer)timer!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        Check(dueTime, nameof(dueTime));
        Check(period, nameof(period));
        _changed = true;
        _dueTime = dueTime;
        _period = period;
        if (!_firing)
        {
            Arm(dueTime);
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        _activation.Forget(this);
        try
        {
            _stop.Cancel();
        }
        catch (AggregateException exception)
        {
            _activation.Runtime.Log.LogWarning(exception, "A cancellation callback of a timer of {Grain} failed.", _activation.GrainId);
        }
    }

    private static void Check(TimeSpan time, string name)
    {
        var milliseconds = (long)time.TotalMilliseconds;
        ArgumentOutOfRangeException.ThrowIfLessThan(milliseconds, -1, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(milliseconds, 0xfffffffe, name);
    }

    private void Fire()
    {
        _firing = true;
        _activation.Post(new Tick(this));
    }

    private async Task Run()
    {
        _changed = false;
        try
        {
            await _callback(_stop.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException && _stop.IsCancellationRequested)
        {
            // It was disposed while it ticked.
        }
        catch (Exception exception)
        {
            _activation.Runtime.Log.LogWarning(exception, "A timer of {Grain} failed; it goes on ticking.", _activation.GrainId);
        }
        finally
        {
            _firing = false;
            if (!_stop.IsCancellationRequested)
            {
                Arm(_changed ? _dueTime : _period);
            }
        }
    }

    private void Arm(TimeSpan dueTime)
    {
        try
        {
            _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The activation went away meanwhile.
        }
    }

    private sealed class Tick(GrainTimer timer) : Turn(timer._interleave, timer._keepAlive)
    {
        internal override void Reject(Exception exception)
        {
            // Nobody waits for a tick.
        }

        // A tick that was left waiting when its activation went must not run in the next one.
        private protected override Task Execute(Activation? activation) =>
            activation != timer._activation || timer._stop.IsCancellationRequested ? Task.CompletedTask : timer.Run();
    }
}
