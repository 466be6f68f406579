using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Operations;
using Mesh.Grains.Endpoints;

namespace Mesh.Grains.Services;

/// <content>
/// Removing endpoints. A removal is done when it is in this grain's row: the endpoint off the list, and among those that left, with its memory of commands, in one
/// write. Its own row is cleared after that, as often as it takes; until then it is known for one that was left behind, and not for one that
/// nobody has listed yet.
/// </content>
public sealed partial class ServiceGrain
{
    /// <summary>Those of <see cref="ServiceRow.Departures"/> whose own rows are known to be cleared.</summary>
    private readonly HashSet<string> _settled = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public Task<Outcome<EndpointView>> Deregister(string endpointId, string? instanceId, string? operation)
    {
        var command = Command.Of(operation, "deregister", instanceId);
        return InTurn(endpointId, command, async endpoint =>
        {
            var departing = await endpoint.Departing(instanceId);
            if (!departing.Ok)
            {
                if (departing.Problems[0].Kind == ProblemKind.NotFound)
                {
                    await Strike(endpointId);
                }

                return Outcome.Refused<EndpointView>(departing.Problems);
            }

            var gone = departing.Value;
            _settled.Remove(endpointId);
            await Change(row => (row.Without(gone, command, _time.GetUtcNow(), IsSettled), true));
            Show(endpointId, null);
            await FinishRemoval(endpointId);
            await SyncCatalog();
            return Outcome.Of(EndpointViews.Of(_id, gone.Last));
        });
    }

    /// <summary>What a command answered that was done before the endpoint left; null when it is not among those.</summary>
    private async Task<Outcome<EndpointView>?> Recall(string endpointId, Command? command)
    {
        if (command is null || Row.Departures.Find(endpointId) is not { } gone
            || gone.Operations.Recall(command, done => EndpointViews.Of(_id, done.Answer ?? gone.Last) with { Created = done.Created, Recalled = true }) is not { } answered)
        {
            return null;
        }

        // Whoever was not answered may have been left half-way.
        await FinishRemoval(endpointId);
        await SyncCatalog();
        return answered;
    }

    /// <summary>Clears what a removed endpoint left on disk, unless that is known to be done. In the endpoint's turn.</summary>
    private async Task FinishRemoval(string endpointId)
    {
        if (Row.Endpoints.Contains(endpointId) || Row.Departures.Find(endpointId) is not { } gone)
        {
            return;
        }

        // The write that removed it may have failed and happened, and then it is shown still.
        Show(endpointId, null);
        if (!_settled.Contains(endpointId))
        {
            await Endpoint(endpointId).Remove(gone.Last.RegisteredAt);
            _settled.Add(endpointId);
        }
    }

    /// <summary>Whether an endpoint that nobody has listed is one that was removed; then it is cleared.</summary>
    private async Task<bool> IsLeftBehind(string endpointId, EndpointView view)
    {
        if (Row.Departures.Find(endpointId)?.Last.RegisteredAt != view.RegisteredAt)
        {
            return false;
        }

        _settled.Remove(endpointId);
        await FinishRemoval(endpointId);
        return true;
    }

    /// <summary>Whether something may be left of a removed endpoint, as after a restart, when nobody knows.</summary>
    private bool HasLeftovers => Row.Departures?.Any(gone => !_settled.Contains(gone.Id) && !Row.Endpoints.Contains(gone.Id)) == true;

    /// <summary>Completes removals that were cut short, and forgets those that are long past.</summary>
    private async Task Tidy()
    {
        if (!_awake || Row.Departures is not { } departures)
        {
            return;
        }

        await FanOut.Each(departures, _settings.FanOut, gone => _turns.Take(gone.Id, () => FinishRemoval(gone.Id)));
        var now = _time.GetUtcNow();
        await Change(row => (row.Departures.Faded(now, IsSettled) is var kept && kept.Equals(row.Departures) ? row : row with { Departures = kept }, true));
        _settled.RemoveWhere(id => Row.Departures.Find(id) is null);
    }

    private bool IsSettled(string endpointId) => _settled.Contains(endpointId) || Row.Endpoints.Contains(endpointId);
}
