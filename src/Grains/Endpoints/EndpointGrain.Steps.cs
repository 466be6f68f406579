using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Operations;
using Mesh.Core.Policies;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace Mesh.Grains.Endpoints;

/// <content>How a step is taken: decided, written, adopted, and the timer set for the next.</content>
public sealed partial class EndpointGrain
{
    /// <summary>How long to wait before a step that failed on its own time is tried again.</summary>
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    /// <summary>The longest that a timer can be set for; a wake-up that finds nothing due sets it again.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(20);

    private EndpointState? _state;
    private TrafficPolicy _policy = TrafficPolicy.Default;
    private bool _current;
    private bool _attached;
    private IGrainTimer? _timer;

    private EndpointView? View() => _state is null ? null : EndpointViews.Of(_key.Service, _state);

    /// <summary>Starts from what is on disk: at activation, and after a write of which nobody knows whether it happened.</summary>
    private async Task Load()
    {
        if (_current)
        {
            return;
        }

        var row = await _row.Refresh();
        _state = row.State;
        _policy = row.InForce;
        _current = true;
        await Step(new Recovered());
    }

    private async Task<EndpointStep> Tell(EndpointEvent happened, TrafficPolicy policy)
    {
        await Load();
        if (_state is null)
        {
            // Its service strikes off who says that it is not registered.
            await Confirm();
        }

        _policy = policy;
        _attached = true;
        return await Step(happened);
    }

    /// <summary>Does what somebody wants done, once.</summary>
    private async Task<Outcome<EndpointView>> Do(Command? command, EndpointEvent happened, TrafficPolicy policy)
    {
        await Load();
        if (_row.Value.Operations.Recall(command, Answered) is { } answered)
        {
            return answered;
        }

        if (_state is null && happened is not Registered)
        {
            await Confirm();
            return EndpointRefusals.Missing(_key);
        }

        var created = _state is null;
        (_policy, _attached) = (policy, true);
        if (!(await Step(happened, command)).Has<SaveState>())
        {
            await Confirm();
        }

        return Outcome.Of(View()! with { Created = created });
    }

    /// <summary>What is answered without a write must be so on disk.</summary>
    private async Task Confirm()
    {
        try
        {
            await _row.Confirm();
        }
        catch
        {
            _current = false;
            throw;
        }
    }

    /// <summary>Makes the row another one, so that no other activation, which may live on without knowing that it was replaced, can write any more.</summary>
    private async Task TakeOver()
    {
        await Load();
        if (_state is not null)
        {
            await Write(row => row with { Taken = row.Taken + 1 });
        }
    }

    private EndpointView Answered(Operation<EndpointState> done) =>
        EndpointViews.Of(_key.Service, done.Answer ?? _row.Value.State!) with { Created = done.Created, Recalled = true };

    private async Task<EndpointStep> Step(EndpointEvent happened, Command? command = null)
    {
        var before = _state;
        var step = EndpointMachine.Step(before, happened, _policy, _time.GetUtcNow(), _chance.Roll());
        if (step.Has<SaveState>())
        {
            await Write(row => row.After(step.State!, _policy, command, _time.GetUtcNow()));
        }

        _state = step.State;
        GrainMetrics.Stepped(_key.Service, before, _state);
        if (step.Has<RemoveEndpoint>())
        {
            await Forget();
        }

        // What it proposes by itself the service hears when it looks.
        if (step.Has<HintService>() || step.Has<RemoveEndpoint>() || (happened is CheckEnded && step.Has<ProposeEjection>()))
        {
            await Hint();
        }

        WakeAt(_state is null ? null : step.Find<WakeAt>()?.When);
        if (step.Find<RunCheck>() is { } run)
        {
            Begin(run);
        }

        return step;
    }

    private Task Hint() => GrainFactory.GetGrain<IServiceGrain>(_key.Service.ToString()).EndpointChanged(_key.Id);

    private async Task Forget()
    {
        await Write(_ => new EndpointRow());
        _state = null;
        WakeAt(null);
    }

    private async Task Write(Func<EndpointRow, EndpointRow> change)
    {
        try
        {
            await _row.Change(change);
        }
        catch
        {
            _current = false;
            throw;
        }
    }

    /// <summary>One timer, set anew after each step. It keeps the activation: while it runs there is something to wait for.</summary>
    private void WakeAt(DateTimeOffset? when)
    {
        var wait = when is null ? Timeout.InfiniteTimeSpan : Within(when.Value - _time.GetUtcNow());
        if (_timer is not null)
        {
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
        }
        else if (when is not null)
        {
            _timer = this.RegisterGrainTimer(Wake, new GrainTimerCreationOptions(wait, Timeout.InfiniteTimeSpan) { KeepAlive = true });
        }

        if (when is not null)
        {
            // A timer keeps an activation only when it fires; until then this does.
            DelayDeactivation(wait + Retry);
        }
    }

    private async Task Wake(CancellationToken cancellationToken)
    {
        try
        {
            await Load();
            await Step(new TimeElapsed());
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            GrainMetrics.Faulted("endpoint");
            _log.LogWarning(e, "Endpoint {Endpoint} could not store what time has changed; it tries again in {Retry}", _key, Retry);
            WakeAt(_time.GetUtcNow() + Retry);
            // If this activation makes way, somebody must wake the next one.
            await Hint();
        }
    }

    private static TimeSpan Within(TimeSpan wait) =>
        wait < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : wait > LongestWait ? LongestWait : wait;
}
