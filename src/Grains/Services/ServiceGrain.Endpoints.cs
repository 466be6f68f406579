using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;
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
        return problems.IsEmpty
            ? await InTurn(registration.Id, endpoint => RegisterInTurn(endpoint, registration))
            : Outcome.Refused<EndpointView>(problems);
    }

    /// <inheritdoc/>
    public Task<Outcome<EndpointView>> Deregister(string endpointId, string? instanceId, string? operation) => InTurn(endpointId, async endpoint =>
    {
        var removed = await endpoint.Remove(instanceId);
        if (removed.Ok || removed.Problems[0].Kind == ProblemKind.NotFound)
        {
            await Strike(endpointId);
        }

        return removed;
    });

    /// <inheritdoc/>
    public Task<Outcome<EndpointView>> Drain(string endpointId, string? operation) => Tell(endpointId, endpoint => endpoint.Drain(Policy));

    /// <inheritdoc/>
    public Task<Outcome<EndpointView>> Eject(string endpointId, TimeSpan? duration, string? reason, string? operation) =>
        duration is { } asked && (asked <= TimeSpan.Zero || asked > EjectionTimes.Longest)
            ? Task.FromResult(Outcome.Refused<EndpointView>(
                ProblemKind.Invalid, "duration", $"{asked}", "An ejection lasts more than nothing and at most 366 days.",
                "Drain the endpoint if it is to stay out."))
            : Tell(endpointId, endpoint => endpoint.Eject(duration, Reasons.ByHand(reason), Policy));

    /// <inheritdoc/>
    public async Task<Outcome<EndpointView>> Restore(string endpointId, string? operation)
    {
        var restored = await Tell(endpointId, endpoint => endpoint.Restore(Policy));
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
            if (seen is not null && !Row.Endpoints.Contains(endpointId))
            {
                // Its registration was cut short after its own row was written, and its owner may think that it is registered: so it shall be.
                await Enlist(endpointId);
            }

            await ShowOrStrike(endpointId, seen?.View);
            return seen?.Proposal;
        });
        await JudgeChecks(proposal);
        await _pen.Flush();
    }

    private async Task<Outcome<EndpointView>> RegisterInTurn(IEndpointMemberGrain endpoint, EndpointRegistration registration)
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
            var view = await endpoint.Register(registration, Policy);
            await Enlist(id);
            Show(id, view, byHand: true);
            await _pen.Flush();
            return Outcome.Of(view);
        }
        finally
        {
            if (joins)
            {
                _joining.Remove(id);
            }
        }
    }

    private Task<Outcome<EndpointView>> Tell(string endpointId, Func<IEndpointMemberGrain, Task<EndpointView?>> tell) =>
        InTurn(endpointId, async endpoint =>
        {
            var view = Row.Endpoints.Contains(endpointId) ? await tell(endpoint) : null;
            if (view is null)
            {
                await Strike(endpointId);
                return EndpointRefusals.Missing(new(_id, endpointId));
            }

            Show(endpointId, view, byHand: true);
            await _pen.Flush();
            return Outcome.Of(view);
        });

    private async Task<Outcome<EndpointView>> InTurn(string endpointId, Func<IEndpointMemberGrain, Task<Outcome<EndpointView>>> work)
    {
        if (!Names.IsEndpointId(endpointId))
        {
            return EndpointRefusals.Missing(new(_id, endpointId));
        }

        try
        {
            return await _turns.Take(endpointId, () => work(Endpoint(endpointId)));
        }
        catch
        {
            await LookAfterFault(endpointId);
            throw;
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
