using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace Orleans.Runtime;

/// <summary>
/// One call under way. The caller's answer and the callee's turn are apart: a caller that gave up (time-out, cancellation) is answered at
/// once, and the turn either has not begun, and then never does, or runs to its end for nobody.
/// </summary>
internal sealed class GrainCall<T> : Turn
{
    private readonly TaskCompletionSource<T> _answer;
    private readonly GrainMethod _method;
    private readonly GrainReference _reference;
    private readonly object?[] _arguments;
    private readonly CancellationToken _token;
    private readonly GrainRuntime _caller;
    private readonly Lock _cancelGate = new();
    private CancellationTokenRegistration _registration;
    private CancellationTokenSource? _calleeCancellation;
    private ITimer? _timeout;

    internal GrainCall(GrainMethod method, GrainReference reference, object?[] arguments, CancellationToken token)
        : base(method.AlwaysInterleave, keepAlive: true)
    {
        _method = method;
        _reference = reference;
        _arguments = arguments;
        _token = token;
        _caller = RuntimeContext.Current?.Runtime ?? reference.Runtime;
        _answer = new(GrainRuntime.Continuations(_caller));
    }

    internal Task<T> Answer => _answer.Task;

    internal override bool IsOver => Answer.IsCompleted;

    private GrainRuntime Runtime => _caller;

    internal void Send()
    {
        if (!_method.OneWay)
        {
            if (Runtime.ResponseTimeout != Timeout.InfiniteTimeSpan)
            {
                _timeout = Runtime.MessagingTime.CreateTimer(static call => ((GrainCall<T>)call!).TimeOut(), this, Runtime.ResponseTimeout, Timeout.InfiniteTimeSpan);
            }

            _registration = _token.UnsafeRegister(static call => ((GrainCall<T>)call!).Cancel(), this);
        }

        if (_reference.Target is { } observer)
        {
            Tell(observer);
        }
        else
        {
            Runtime.Dispatch(_reference.GrainId, this);
        }
    }

    internal override void Reject(Exception exception) => Bring(() => Fail(exception));

    private protected override async Task Execute(Activation? activation)
    {
        var target = activation is null ? _reference.Target?.Object : activation.GrainInstance;
        if (Answer.IsCompleted || target is null)
        {
            return;
        }

        using var activity = Runtime.Activities?.StartActivity(_method.Name, ActivityKind.Server);
        try
        {
            PassToken();
            T result = default!;
            if (_method.Invoke(target, _arguments) is { } task)
            {
                await task;
                result = task is Task<T> typed ? typed.Result : default!;
            }

            Bring(() => Succeed(result));
        }
        catch (Exception exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.GetType().Name);
            if (exception is InconsistentStateException { IsSourceActivation: true } stale && activation is not null)
            {
                stale.IsSourceActivation = false;
                activation.Deactivate(new(DeactivationReasonCode.ApplicationError, stale, "The state is not what storage holds."));
            }

            Bring(() => Fail(exception));
        }
        finally
        {
            _calleeCancellation?.Dispose();
        }
    }

    /// <summary>The callee gets a token of its own, so that what it registers on it runs as a part of its activation.</summary>
    private void PassToken()
    {
        if (_token.CanBeCanceled)
        {
            lock (_cancelGate)
            {
                _calleeCancellation = new();
                _arguments[_method.TokenIndex] = _token.IsCancellationRequested ? _token : _calleeCancellation.Token;
            }
        }
    }

    /// <summary>Brings the answer from where the grain is to where the caller is.</summary>
    private void Bring(Action answer)
    {
        var here = RuntimeContext.Current?.Runtime;
        if (_caller.Platform is { } platform && here is not null && here != _caller)
        {
            platform.Send(here, _caller, answer);
        }
        else
        {
            answer();
        }
    }

    private void Tell(ObserverTarget observer)
    {
        if (_caller.Platform is { } platform && _caller != _reference.Runtime)
        {
            platform.Send(_caller, _reference.Runtime, () => observer.Queue.Post(this));
        }
        else
        {
            observer.Queue.Post(this);
        }
    }

    private void Cancel()
    {
        _answer.TrySetCanceled(_token);
        CancellationTokenSource? callee;
        lock (_cancelGate)
        {
            callee = _calleeCancellation;
        }

        if (callee is not null)
        {
            Schedule(() => CancelCallee(callee));
        }

        Release(inCallback: true);
    }

    private void CancelCallee(CancellationTokenSource callee)
    {
        try
        {
            callee.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The call ended in the meantime.
        }
        catch (AggregateException exception)
        {
            Runtime.Log.LogWarning(exception, "A cancellation callback of {Method} failed.", _method.Name);
        }
    }

    private void TimeOut()
    {
        if (_answer.TrySetException(new TimeoutException(
            $"Response did not arrive on time in {Runtime.ResponseTimeout} for {_method.Name} on {_reference.GrainId}; whether it had an effect is unknown.")))
        {
            Release(inCallback: false);
        }
    }

    private void Succeed(T result)
    {
        _answer.TrySetResult(result);
        Release(inCallback: false);
    }

    private void Fail(Exception exception)
    {
        if (_method.OneWay)
        {
            Runtime.Log.LogWarning(exception, "The one-way call {Method} on {Grain} failed.", _method.Name, _reference.GrainId);
        }
        else if (exception is OperationCanceledException cancelled)
        {
            _answer.TrySetCanceled(cancelled.CancellationToken);
        }
        else
        {
            _answer.TrySetException(exception);
        }

        Release(inCallback: false);
    }

    private void Release(bool inCallback)
    {
        _timeout?.Dispose();
        if (!inCallback)
        {
            _registration.Dispose();
        }
    }
}
