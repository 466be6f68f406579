using Mesh.Contracts;
using Mesh.Contracts.Move;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Operations;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Grains.Checks;
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
public sealed partial class EndpointGrain : Grain, IEndpointGrain, IEndpointMemberGrain, IEndpointMoveGrain, ICheckedGrain
{
    private readonly Durable<EndpointRow> _row;
    private readonly TimeProvider _time;
    private readonly IChance _chance;
    private readonly ILogger<EndpointGrain> _log;
    private readonly EndpointKey _key;

    /// <summary>Made by the runtime.</summary>
    public EndpointGrain(
        [PersistentState("endpoint", MeshLimits.StorageName)] IPersistentState<EndpointRow> storage,
        TimeProvider time,
        IChance chance,
        CheckRunner checks,
        ILogger<EndpointGrain> log)
    {
        _row = new Durable<EndpointRow>(storage, DeactivateOnIdle) { IsNothing = row => row.State is null };
        _time = time;
        _chance = chance;
        _checks = checks;
        _log = log;
        _key = EndpointKey.Parse(this.GetPrimaryKeyString());
        _service = _key.Service.ToString();
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
            return Outcome.Refused<EndpointView>(refused);
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
    public async Task<EndpointObserved?> Look(TrafficPolicy policy, bool traffic, bool takeOver)
    {
        if (takeOver)
        {
            await TakeOver();
        }

        await Tell(new TrafficSeen(traffic), policy);
        return Observed(_state is null ? null : EndpointMachine.Standing(_state, policy));
    }

    /// <inheritdoc/>
    public Task<Outcome<EndpointView>> Register(EndpointRegistration registration, TrafficPolicy policy, Command? command) =>
        Do(command, new Registered(EndpointViews.SpecOf(registration)), policy);

    /// <inheritdoc/>
    public async Task<EndpointObserved?> Observe(EndpointObservation observation, TrafficPolicy policy)
    {
        var step = await Tell(new ObservationReceived(observation), policy);
        return Observed(step.Find<ProposeEjection>()?.Evidence);
    }

    /// <inheritdoc/>
    public async Task<EndpointView?> Decide(EjectionVerdict verdict, TrafficPolicy policy)
    {
        await Tell(verdict.Allowed ? EjectionAllowed.For(verdict.Proposal.Evidence) : new EjectionRefused(verdict.Refusal ?? ""), policy);
        return View();
    }

    /// <inheritdoc/>
    public Task<Outcome<EndpointView>> Eject(TimeSpan? duration, string reason, TrafficPolicy policy, Command? command) =>
        Do(command, new EjectionAllowed(reason, duration, Manual: true), policy);

    /// <inheritdoc/>
    public Task<Outcome<EndpointView>> Drain(TrafficPolicy policy, Command? command) => Do(command, new Drained(), policy);

    /// <inheritdoc/>
    public Task<Outcome<EndpointView>> Restore(TrafficPolicy policy, Command? command) => Do(command, new Restored(), policy);

    /// <inheritdoc/>
    public async Task<Outcome<Departure>> Departing(string? instanceId)
    {
        await Load();
        if (_state is not null)
        {
            // Nothing is written here, and its service goes by what this says.
            await Confirm();
        }

        return EndpointRefusals.OfInstance(_key, _state, instanceId) is { } refused
            ? Outcome.Refused<Departure>(refused)
            : Outcome.Of(new Departure(_key.Id, _time.GetUtcNow(), _state!) { Operations = _row.Value.Operations });
    }

    /// <inheritdoc/>
    public async Task Remove(DateTimeOffset registeredAt)
    {
        await Load();
        if (_state?.RegisteredAt == registeredAt)
        {
            await Forget();
        }
    }

    private EndpointObserved? Observed(OutlierEvidence? evidence) =>
        View() is { } view ? new(view, evidence is null ? null : new EjectionProposal(_key.Id, evidence)) : null;
}
