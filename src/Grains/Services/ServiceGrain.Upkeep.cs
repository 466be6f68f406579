using Mesh.Contracts;
using Mesh.Grains.Catalog;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace Mesh.Grains.Services;

/// <content>What the service does on its own time, so that whatever was lost (a hint, a catalog entry, a binding) is found again.</content>
public sealed partial class ServiceGrain
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);

    private readonly Queue<string> _toLookAt = new();
    private readonly LookBudget _looks;
    private int _counted;
    private bool _hurry;
    private bool? _cataloged;
    private IGrainTimer? _looking;

    /// <summary>One portion of looking again, and what goes with it. Nothing here may fail for good: it comes round again.</summary>
    private async Task Upkeep()
    {
        try
        {
            await SyncCatalog();
            await Confirm(Row.Policy?.Key, Row.Policy?.Version);
            await Confirm(Row.Routing?.Key, Row.Routing?.Version);

            _watchers.ClearExpired();
            await Tidy();
            await _pen.Flush();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            GrainMetrics.Faulted("service");
            _log.LogWarning(e, "Service {Service} could not confirm its catalog entry; it tries again", _id);
        }
    }

    /// <summary>Tells a document's grain which version of it holds here.</summary>
    private Task Confirm(PolicyKey? bound, long? version) =>
        bound is null ? Task.CompletedTask : GrainFactory.GetGrain<IPolicySourceGrain>(bound.ToString()).BindingSeen(_id, version!.Value);

    private async Task LookAgain(CancellationToken cancellationToken)
    {
        if (_toLookAt.Count == 0)
        {
            await Upkeep();
            LineUp();
        }

        var portion = new List<string>();
        while (portion.Count < _settings.LookPortion && _toLookAt.TryDequeue(out var id))
        {
            portion.Add(id);
        }

        _hurry &= _toLookAt.Count > 0;
        await FanOut.Each(portion, _settings.FanOut, LookAgainAt);
        Pace();
    }

    /// <summary>Looks at all of them soon, so that another policy reaches what they decide by themselves (checks, warm-up) in moments.</summary>
    private void LookSoon()
    {
        LineUp();
        _hurry = _toLookAt.Count > 0;
        Pace();
    }

    private void LineUp()
    {
        _toLookAt.Clear();
        foreach (var id in InOrder())
        {
            _toLookAt.Enqueue(id);
        }
    }

    /// <summary>In the same order in every process, which a set of strings is not: so that a simulation repeats itself.</summary>
    private string[] InOrder() => [.. Row.Endpoints.Order(StringComparer.Ordinal)];

    private async Task LookAgainAt(string endpointId)
    {
        try
        {
            await LookAt([endpointId]);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // It may have made way for its next activation, which this asks; if the disk is away, there is another round.
            Faulted(e, "look at", endpointId);
            await LookAfterFault(endpointId);
        }
    }

    /// <summary>
    /// The first look of an activation, at all endpoints. With several silos another activation of this service may live on elsewhere, with endpoints of its own, and not know that it was
    /// replaced. Its verdicts must come before this look or not at all: so each endpoint's row is made another one, which costs a write. Whoever has read it before makes way at his
    /// next write, and who takes over from him is asked again.
    /// </summary>
    private Task TakeOver() => FanOut.Each(InOrder(), _settings.FanOut, async id =>
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await LookAt([id], _settings.TakeOver);
                return;
            }
            catch (Exception e) when (tries < 3 && e is not OperationCanceledException)
            {
                Faulted(e, "take over", id);
            }
        }
    });

    /// <summary>Asks endpoints how they are, and strikes off those that are gone.</summary>
    private Task LookAt(IReadOnlyCollection<string> endpointIds, bool takeOver = false) =>
        FanOut.Each([.. endpointIds], _settings.FanOut, async id => await JudgeChecks(await _turns.Take(id, async () =>
        {
            // It may have left while this waited for its turn.
            if (!Row.Endpoints.Contains(id))
            {
                return null;
            }

            var seen = await Endpoint(id).Look(Policy, HasTraffic, takeOver);
            await ShowOrStrike(id, seen?.View);
            return seen?.Proposal;
        })));

    /// <summary>
    /// What became of a step is unknown, and its caller may not ask again: look, by a hint to oneself. A call and not a task in the
    /// background, because such a task could go on after this activation has made way for another.
    /// </summary>
    private Task LookAfterFault(string endpointId) => this.AsReference<IServiceGrain>().EndpointChanged(endpointId);

    private void Faulted(Exception e, string what, string endpointId)
    {
        GrainMetrics.Faulted("service");
        _log.LogWarning(e, "Service {Service} could not {What} endpoint {Endpoint}", _id, what, endpointId);
    }

    private Task ShowOrStrike(string endpointId, EndpointView? view)
    {
        if (view is null)
        {
            return Strike(endpointId);
        }

        Show(endpointId, view);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Makes the catalog say what is so. In a turn of its own, and comparing again there, so that of a service that goes and comes back
    /// at the same moment the last word is the right one.
    /// </summary>
    private Task SyncCatalog() => _turns.Take(CatalogTurn, async () =>
    {
        var exists = Row.Exists;
        if (_cataloged != exists)
        {
            // Who never existed need not be struck out.
            if (exists || Row.Epoch > 0)
            {
                // A call that fails may have had its effect: until one succeeds nobody knows what the catalog says, and the timer asks again.
                _cataloged = null;
                Pace();
                var catalog = GrainFactory.CatalogOf(_id.ToString());
                await (exists ? catalog.AddService(_id) : catalog.RemoveService(_id));
                if (!exists)
                {
                    await Ledger.ServiceGone();
                }
            }

            _cataloged = exists;
            Pace();
        }
    });

    private void Count(int endpoints)
    {
        _looks.Add(endpoints - _counted);
        _counted = endpoints;
    }

    /// <summary>Sets the timer so that all endpoints are looked at once in the period; a service that is nowhere has none.</summary>
    private void Pace()
    {
        Count(Row.Endpoints.Count);
        if (_cataloged == false && !HasLeftovers)
        {
            _looking?.Dispose();
            _looking = null;
            return;
        }

        var portions = 1 + (Row.Endpoints.Count - 1) / Math.Max(1, _settings.LookPortion);
        var pause = _hurry ? Soon : _settings.LookAgain * _looks.Stretch / Math.Max(1, portions);
        if (_looking is null)
        {
            // The first look is at a random moment, or all services of a restarted mesh would look at the same time.
            var first = pause * (0.5 + _chance.Roll() / 2);
            _looking = this.RegisterGrainTimer(LookAgain, new GrainTimerCreationOptions(first, pause) { KeepAlive = true });
        }
        else
        {
            _looking.Change(pause, pause);
        }
    }
}
