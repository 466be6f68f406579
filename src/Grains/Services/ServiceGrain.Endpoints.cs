using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Operations;
using Mesh.Grains.Endpoints;

namespace Mesh.Grains.Services;

/// <content>What callers do to single endpoints.</content>
public sealed partial class ServiceGrain
{
    private readonly HashSet<string> _joining = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public async Task<Outcome<EndpointView>> Register(EndpointRegistration registration, string? operation)
    {
        var problems = RegistrationRules.Check(registration);
        if (!problems.IsEmpty)
        {
            return Outcome.Refused<EndpointView>(problems);
        }

        var command = CommandPrints.Register(operation, registration);
        return await InTurn(registration.Id, command, endpoint => RegisterInTurn(endpoint, registration, command));
    }

    /// <inheritdoc/>
    public Task<Outcome<EndpointView>> Drain(string endpointId, string? operation) =>
        Tell(endpointId, Command.Of(operation, "drain"), (endpoint, command) => endpoint.Drain(Policy, command));

    /// <inheritdoc/>
    public Task<Outcome<EndpointView>> Eject(string endpointId, TimeSpan? duration, string? reason, string? operation) =>
        duration is { } asked && (asked <= TimeSpan.Zero || asked > EjectionTimes.Longest)
            ? Task.FromResult(Outcome.Refused<EndpointView>(
                ProblemKind.Invalid, "duration", $"{asked}", "An ejection lasts more than nothing and at most 366 days.",
                "Drain the endpoint if it is to stay out."))
            : Tell(
                endpointId, Command.Of(operation, "eject", duration, reason),
                (endpoint, command) => endpoint.Eject(duration, Reasons.ByHand(reason), Policy, command));

    /// <inheritdoc/>
    public async Task<Outcome<EndpointView>> Restore(string endpointId, string? operation)
    {
        var restored = await Tell(endpointId, Command.Of(operation, "restore"), (endpoint, command) => endpoint.Restore(Policy, command));
        // Its history is forgiven, here as there.
        _judge.Forget(endpointId);
        return restored;
    }

    /// <inheritdoc/>
    public async Task EndpointChanged(string endpointId)
    {
        var proposal = await _turns.Take(endpointId, async () =>
        {
            var seen = await Endpoint(endpointId).Look(Policy, HasTraffic);
            if (seen is not null && !Row.Endpoints.Contains(endpointId) && !await IsLeftBehind(endpointId, seen.View))
            {
                // Its registration was cut short after its own row was written, and its owner may think that it is registered: so it shall be.
                await Enlist(endpointId);
            }

            if (seen is null || Row.Endpoints.Contains(endpointId))
            {
                await ShowOrStrike(endpointId, seen?.View);
            }

            return seen?.Proposal;
        });
        await JudgeChecks(proposal);
        await _pen.Flush();
    }

    private async Task<Outcome<EndpointView>> RegisterInTurn(IEndpointMemberGrain endpoint, EndpointRegistration registration, Command? command)
    {
        var id = registration.Id;
        if (!Row.Endpoints.Contains(id) && Row.Endpoints.Count + _joining.Count >= _settings.EndpointsPerService)
        {
            GrainMetrics.Refused(nameof(MeshLimits.EndpointsPerService));
            return Outcome.Refused<EndpointView>(
                ProblemKind.LimitExceeded, "id", id,
                $"{_id} has {_settings.EndpointsPerService} endpoints, which is the limit EndpointsPerService.",
                "Deregister endpoints that are gone, or give them leases; or split the service.");
        }

        var joins = !Row.Endpoints.Contains(id) && _joining.Add(id);
        try
        {
            // What is left of a removed one must not count as the same life.
            await FinishRemoval(id);
            var registered = await endpoint.Register(registration, Policy, command);
            if (registered.Ok)
            {
                await Enlist(id);
                await ShowAnswer(endpoint, registered.Value);
                await _pen.Flush();
            }

            return registered;
        }
        finally
        {
            if (joins)
            {
                _joining.Remove(id);
            }
        }
    }

    private Task<Outcome<EndpointView>> Tell(
        string endpointId, Command? command, Func<IEndpointMemberGrain, Command?, Task<Outcome<EndpointView>>> tell) =>
        InTurn(endpointId, command, async endpoint =>
        {
            var told = Row.Endpoints.Contains(endpointId) ? await tell(endpoint, command) : EndpointRefusals.Missing(new(_id, endpointId));
            if (told.Ok)
            {
                await ShowAnswer(endpoint, told.Value);
                await _pen.Flush();
            }
            else if (told.Problems[0].Kind == ProblemKind.NotFound)
            {
                await Strike(endpointId);
            }

            return told;
        });

    /// <summary>Does something with one endpoint, after all that came before, unless it was done and the endpoint is gone since.</summary>
    private async Task<Outcome<EndpointView>> InTurn(
        string endpointId, Command? command, Func<IEndpointMemberGrain, Task<Outcome<EndpointView>>> work)
    {
        if (Command.Check(command?.Id, "operation") is { } problem)
        {
            return Outcome.Refused<EndpointView>([problem]);
        }

        if (!Names.IsEndpointId(endpointId))
        {
            return EndpointRefusals.Missing(new(_id, endpointId));
        }

        try
        {
            return await _turns.Take(endpointId, async () =>
            {
                await _row.Settled();
                var confirmations = _row.Confirmations;
                var outcome = await Recall(endpointId, command) ?? await work(Endpoint(endpointId));
                if (_settings.TakeOver && _row.Confirmations == confirmations)
                {
                    // What only the endpoint's row took, or what is not there, is for the present activation to say: one that was replaced may still list what has gone.
                    await _row.Confirm();
                }

                return outcome;
            });
        }
        catch
        {
            await LookAfterFault(endpointId);
            throw;
        }
    }

    /// <summary>What an earlier try was answered may be out of date by now.</summary>
    private async Task ShowAnswer(IEndpointMemberGrain endpoint, EndpointView view)
    {
        var id = view.Endpoint.Id;
        if (!view.Recalled)
        {
            Show(id, view, byHand: true);
        }
        else
        {
            await ShowOrStrike(id, (await endpoint.Look(Policy, HasTraffic))?.View);
        }
    }

    private async Task Enlist(string endpointId)
    {
        await Change(row => (row.With(row.Endpoints.Add(endpointId)), true));
        await SyncCatalog();
    }

    /// <summary>Takes an endpoint that is gone off the list. In its turn, so that it does not strike a successor.</summary>
    private async Task Strike(string endpointId)
    {
        await Change(row => (row.With(row.Endpoints.Remove(endpointId)), true));
        Show(endpointId, null);
        await SyncCatalog();
    }
}
