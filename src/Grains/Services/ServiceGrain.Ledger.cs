using Mesh.Contracts;
using Mesh.Core.Outliers;
using Mesh.Core.Verdicts;
using Mesh.Grains.Ledger;
using Orleans;

namespace Mesh.Grains.Services;

/// <content>What is entered into the ledger: each change of an endpoint that deserves it, whatever led to it, before anybody is answered.</content>
public sealed partial class ServiceGrain
{
    private readonly LedgerPen _pen;

    private ILedgerGrain Ledger => GrainFactory.GetGrain<ILedgerGrain>(_id.ToString());

    /// <summary>
    /// Takes an endpoint's newest view, or null when it is gone; true when that is visible downstream. Right after activation all is new, and ejections are
    /// entered again: the ledger knows those that it has.
    /// </summary>
    private bool Note(string endpointId, EndpointView? view, EjectionVerdict? verdict = null, bool byHand = false)
    {
        var before = _board.Find(endpointId);
        var visible = _board.Put(endpointId, view);
        if (view is null || !view.Endpoint.InRotation || before?.RegisteredAt != view.RegisteredAt)
        {
            _judge.Forget(endpointId);
        }

        if (view is not null
            && Transitions.Entry(before?.Endpoint, view.Endpoint, view.Ejection, _time.GetUtcNow(), byHand) is { } entry)
        {
            _ = _pen.Enter(Transitions.On(entry, verdict) with { Policy = entry.Policy ?? Policy.Source });
        }

        return visible;
    }
}
