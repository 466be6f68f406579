using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>
/// One grain in memory, from its first call until it is idle, fails or asks to go. Its life is: made (constructor, state read,
/// OnActivateAsync), open, paused (what runs is waited for), OnDeactivateAsync, gone; calls that came too late go to its successor.
/// </summary>
internal sealed class Activation : IGrainContext
{
    private readonly Lock _gate = new();
    private readonly GrainClass _class;
    private readonly ActivationScheduler _scheduler;
    private readonly TurnQueue _queue;
    private readonly HashSet<GrainTimer> _timers = [];
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AsyncServiceScope _scope;
    private DeactivationReason? _reason;
    private bool _active;
    private long _lastUsed;
    private DateTimeOffset _keepUntil = DateTimeOffset.MinValue;

    internal Activation(GrainRuntime runtime, GrainId id, GrainClass grainClass)
    {
        Runtime = runtime;
        GrainId = id;
        _class = grainClass;
        _scheduler = new(this);
        _queue = new(_scheduler, this, grainClass.Reentrant);
        Touch();
    }

    public GrainId GrainId { get; }

    public GrainReference GrainReference => (GrainReference)Runtime.Factory.Refer<IAddressable>(GrainId, null);

    public object? GrainInstance { get; private set; }

    public IServiceProvider ActivationServices => _scope.ServiceProvider;

    public Task Deactivated => _gone.Task;

    internal GrainRuntime Runtime { get; }

    /// <summary>States to read before OnActivateAsync.</summary>
    internal List<Func<Task>> StateReaders { get; } = [];

    public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);

    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    public override int GetHashCode() => GrainId.GetHashCode();

    public override string ToString() => $"[Activation: {GrainId}]";

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_reason is not null)
            {
                return;
            }

            _reason = deactivationReason;
            if (!_active)
            {
                return;
            }
        }

        // From this moment, as in Orleans, and not from when the scheduler comes to it: what is called after this goes to the next activation.
        _ = _queue.Pause();
        RunHere(DeactivateAsync);
    }

    internal bool Post(Turn turn) => _queue.Post(turn);

    internal void Activate()
    {
        Count(1);
        RunHere(ActivateAsync);
    }

    internal void Touch() => Volatile.Write(ref _lastUsed, Runtime.CollectionTime.GetTimestamp());

    internal void DelayDeactivation(TimeSpan delay) =>
        _keepUntil = delay == Timeout.InfiniteTimeSpan || delay == TimeSpan.MaxValue ? DateTimeOffset.MaxValue
            : delay <= TimeSpan.Zero ? DateTimeOffset.MinValue
            : Runtime.CollectionTime.GetUtcNow() + delay;

    internal void CollectIfIdle(TimeSpan age)
    {
        if (_active && _queue.IsIdle && Runtime.CollectionTime.GetElapsedTime(Volatile.Read(ref _lastUsed)) >= age && _keepUntil <= Runtime.CollectionTime.GetUtcNow())
        {
            Deactivate(new(DeactivationReasonCode.ActivationIdle, "Not used for a while."));
        }
    }

    internal GrainTimer RegisterTimer(Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        if (RuntimeContext.Current != this)
        {
            throw new InvalidOperationException("A timer is registered from inside its grain: not after Task.Run or ConfigureAwait(false).");
        }

        var timer = new GrainTimer(this, callback, options);
        lock (_timers)
        {
            _timers.Add(timer);
        }

        timer.Change(options.DueTime, options.Period);
        return timer;
    }

    internal void Forget(GrainTimer timer)
    {
        lock (_timers)
        {
            _timers.Remove(timer);
        }
    }

    private void RunHere(Func<Task> step) =>
        Task.Factory.StartNew(step, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler);

    private async Task ActivateAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(Runtime.Collection.ActivationTimeout, Runtime.Time);
            _scope = Runtime.Services.CreateAsyncScope();
            GrainInstance = _class.Create(this);
            foreach (var read in StateReaders)
            {
                await read();
            }

            await (GrainInstance as IGrainBase)!.OnActivateAsync(limit.Token);
        }
        catch (Exception exception)
        {
            Runtime.Log.LogError(exception, "{Grain} could not be activated.", GrainId);
            await Finish(exception);
            return;
        }

        lock (_gate)
        {
            _active = true;
            if (_reason is null)
            {
                _queue.Open();
                return;
            }
        }

        await DeactivateAsync();
    }

    private async Task DeactivateAsync()
    {
        var quiet = _queue.Pause();
        StopTimers();
        try
        {
            using var limit = new CancellationTokenSource(Runtime.Collection.DeactivationTimeout, Runtime.Time);
            await quiet.WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            await (GrainInstance as IGrainBase)!.OnDeactivateAsync(_reason!.Value, limit.Token);
        }
        catch (Exception exception)
        {
            Runtime.Log.LogWarning(exception, "OnDeactivateAsync of {Grain} failed.", GrainId);
        }

        await Finish(null);
    }

    /// <summary>Makes way for a successor, which gets the calls that wait unless this one could not be activated.</summary>
    private async Task Finish(Exception? failure)
    {
        StopTimers();
        Runtime.Remove(this);
        foreach (var turn in _queue.Close())
        {
            if (failure is null)
            {
                Runtime.Dispatch(GrainId, turn);
            }
            else
            {
                turn.Reject(failure);
            }
        }

        await _scope.DisposeAsync();
        Count(-1);
        _gone.TrySetResult();
    }

    private void Count(int change) => Runtime.Counts.Add(change, new KeyValuePair<string, object?>("type", _class.CountedAs));

    private void StopTimers()
    {
        GrainTimer[] timers;
        lock (_timers)
        {
            timers = [.. _timers];
        }

        foreach (var timer in timers)
        {
            timer.Dispose();
        }
    }
}
