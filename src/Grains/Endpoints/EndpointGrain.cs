using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Grains.Persistence;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace Mesh.Grains.Endpoints;

/// <summary>
/// One endpoint: a thin shell around <see cref="EndpointMachine"/>, which decides everything. The shell owns the row on disk, one timer,
/// and the one-way hint to the service when something happened that the service did not ask for.
/// </summary>
/// <remarks>
/// A step that must be durable is written before it is adopted and before anybody is told. When a write fails nobody knows whether it
/// happened; the next step then starts from what is on disk, whichever that is.
/// </remarks>
public sealed class EndpointGrain : Grain, IEndpointGrain, IEndpointMemberGrain
{
    /// <summary>How long to wait before a step that failed on its own time is tried again.</summary>
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    /// <summary>The longest that a timer can be set for; a wake-up that finds nothing due sets it again.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(20);

    private readonly Durable<EndpointRow> _row;
    private readonly TimeProvider _time;
    private readonly IChance _chance;
    private readonly ILogger<EndpointGrain> _log;
    private readonly EndpointKey _key;
    private EndpointState? _state;
    private OutlierDetection _policy = new();
    private bool _current;
    private bool _attached;
    private IGrainTimer? _timer;

    /// <summary>Made by the runtime.</summary>
    public EndpointGrain(
        [PersistentState("endpoint", MeshLimits.StorageName)] IPersistentState<EndpointRow> storage,
        TimeProvider time,
        IChance chance,
        ILogger<EndpointGrain> log)
    {
        _row = new Durable<EndpointRow>(storage, row => row.State is null);
        _time = time;
        _chance = chance;
        _log = log;
        _key = EndpointKey.Parse(this.GetPrimaryKeyString());
    }

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken) => Load();

    /// <inheritdoc/>
    public async Task<EndpointView?> Get()
    {
        await Load();
        return View();
    }

    /// <inheritdoc/>
    public async Task<Outcome<EndpointView>> Renew(string? instanceId)
    {
        await Load();
        if (EndpointRefusals.OfInstance(_key, _state, instanceId) is { } refused)
        {
            return refused;
        }

        await Step(new LeaseRenewed());
        if (!_attached)
        {
            // Its service may not know of it: a registration that was cut short leaves such a row.
            _attached = true;
            await Hint();
        }

        return Outcome.Of(View()!);
    }

    /// <inheritdoc/>
    public async Task<EndpointView?> Look(OutlierDetection policy)
    {
        await Load();
        _policy = policy;
        _attached = true;
        return View();
    }

    /// <inheritdoc/>
    public async Task<EndpointView> Register(EndpointRegistration registration, OutlierDetection policy)
    {
        await Tell(new Registered(EndpointViews.SpecOf(registration)), policy);
        return View()!;
    }

    /// <inheritdoc/>
    public async Task<EndpointObserved?> Observe(EndpointObservation observation, OutlierDetection policy)
    {
        var step = await Tell(new ObservationReceived(observation), policy);
        var proposed = step.Find<ProposeEjection>();
        return View() is { } view ? new(view, proposed is null ? null : new EjectionProposal(_key.Id, proposed.Evidence)) : null;
    }

    /// <inheritdoc/>
    public async Task<EndpointView?> Decide(EjectionVerdict verdict, OutlierDetection policy)
    {
        await Tell(verdict.Allowed ? new EjectionAllowed(verdict.Proposal.Evidence.Reason) : new EjectionRefused(verdict.Refusal ?? ""), policy);
        return View();
    }

    /// <inheritdoc/>
    public async Task<EndpointView?> Eject(TimeSpan? duration, string reason, OutlierDetection policy)
    {
        await Tell(new EjectionAllowed(reason, duration, Manual: true), policy);
        return View();
    }

    /// <inheritdoc/>
    public async Task<EndpointView?> Drain(OutlierDetection policy)
    {
        await Tell(new Drained(), policy);
        return View();
    }

    /// <inheritdoc/>
    public async Task<EndpointView?> Restore(OutlierDetection policy)
    {
        await Tell(new Restored(), policy);
        return View();
    }

    /// <inheritdoc/>
    public async Task<Outcome<EndpointView>> Remove(string? instanceId)
    {
        await Load();
        if (EndpointRefusals.OfInstance(_key, _state, instanceId) is { } refused)
        {
            return refused;
        }

        var last = View()!;
        await Forget();
        return Outcome.Of(last);
    }

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
        _policy = _row.Value.Policy;
        _current = true;
        await Step(new Recovered());
    }

    private async Task<EndpointStep> Tell(EndpointEvent happened, OutlierDetection policy)
    {
        await Load();
        _policy = policy;
        _attached = true;
        return await Step(happened);
    }

    private async Task<EndpointStep> Step(EndpointEvent happened)
    {
        var before = _state;
        var step = EndpointMachine.Step(before, happened, _policy, _time.GetUtcNow(), _chance.Roll());
        if (step.Has<SaveState>())
        {
            await Write(new EndpointRow { State = step.State, Policy = _policy });
        }

        _state = step.State;
        GrainMetrics.Stepped(_key.Service, before, _state);
        if (step.Has<RemoveEndpoint>())
        {
            await Forget();
        }

        if (step.Has<HintService>() || step.Has<RemoveEndpoint>())
        {
            await Hint();
        }

        WakeAt(_state is null ? null : step.Find<WakeAt>()?.When);
        return step;
    }

    private Task Hint() => GrainFactory.GetGrain<IServiceGrain>(_key.Service.ToString()).EndpointChanged(_key.Id);

    private async Task Forget()
    {
        await Write(new EndpointRow());
        _state = null;
        WakeAt(null);
    }

    private async Task Write(EndpointRow row)
    {
        try
        {
            await _row.Change(_ => row);
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
        }
    }

    private static TimeSpan Within(TimeSpan wait) =>
        wait < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : wait > LongestWait ? LongestWait : wait;
}
