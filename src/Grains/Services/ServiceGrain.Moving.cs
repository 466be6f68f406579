using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Contracts.Move;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Grains.Endpoints;
using Orleans;

namespace Mesh.Grains.Services;

/// <content>Moving house.</content>
public sealed partial class ServiceGrain
{
    /// <summary>How often an export is begun anew because something was decided meanwhile. After that it is as consistent as a crash would leave it, which is mended at the import.</summary>
    private const int ExportTries = 3;

    /// <inheritdoc/>
    public async Task<MovedService?> Export()
    {
        for (var attempt = 1; ; attempt++)
        {
            if (!Row.Exists)
            {
                return null;
            }

            await _pen.Flush();
            var last = (await Ledger.Read(new LedgerQuery { Limit = 1 })).Last;
            var endpoints = await FanOut.Each(
                Row.Endpoints.Order(StringComparer.Ordinal).ToList(), _settings.FanOut,
                id => GrainFactory.GetGrain<IEndpointMoveGrain>(new EndpointKey(_id, id).ToString()).Export(Policy));
            await _pen.Flush();
            var entries = last == 0 ? [] : await ReadLedger(last);
            if (attempt < ExportTries && (await Ledger.Read(new LedgerQuery { Limit = 1 })).Last != last)
            {
                continue;
            }

            return new(
                [.. endpoints.OfType<MovedEndpoint>()],
                Policy.AdaptiveWeights is null ? ImmutableSortedDictionary<string, int>.Empty : _adaptive.Factors,
                entries,
                last);
        }
    }

    /// <inheritdoc/>
    public async Task<ImmutableArray<Moved>> Adopt(ImmutableArray<MovedEndpoint> endpoints, OnConflict onConflict, bool dryRun)
    {
        var valid = endpoints.Select(endpoint => RegistrationRules.Check(EndpointViews.RegistrationOf(endpoint.Spec)).AddRange(endpoint.Problems())).ToList();
        var room = _settings.EndpointsPerService - Row.Endpoints.Count - _joining.Count;
        for (var i = 0; i < endpoints.Length; i++)
        {
            if (valid[i].IsEmpty && !Row.Endpoints.Contains(endpoints[i].Spec.Id) && --room < 0)
            {
                GrainMetrics.Refused(nameof(MeshLimits.EndpointsPerService));
                valid[i] = [new(
                    ProblemKind.LimitExceeded, "id", endpoints[i].Spec.Id,
                    $"{_id} has {_settings.EndpointsPerService} endpoints then, which is the limit EndpointsPerService.", "Split the service, or deregister endpoints that are gone.")];
            }
        }

        var moved = await FanOut.Each(Enumerable.Range(0, endpoints.Length).ToList(), _settings.FanOut, i => valid[i].IsEmpty
            ? _turns.Take(endpoints[i].Spec.Id, () => AdoptInTurn(endpoints[i], onConflict, dryRun))
            : Task.FromResult(Moved.Refused(valid[i])));
        if (!dryRun)
        {
            // Also those that were equal: an import that was cut short before this line is completed by the next.
            await EnlistAll([.. endpoints.Where((_, i) => moved[i].Result is MoveResult.Written or MoveResult.Equal).Select(endpoint => endpoint.Spec.Id)]);
        }

        return [.. moved];
    }

    /// <inheritdoc/>
    public async Task<Moved> AdoptWeights(ImmutableSortedDictionary<string, int> factors, OnConflict onConflict, bool dryRun)
    {
        if (factors.FirstOrDefault(factor => factor.Value is < 1 or > 10_000) is { Key: { } odd })
        {
            return Moved.Refused([new(ProblemKind.Invalid, $"weights.{odd}", $"{factors[odd]}", "A factor is 1 to 10000 percent.", "Export it again: this was not written by an export.")]);
        }

        if (factors.IsEmpty || Policy.AdaptiveWeights is null || Same(_adaptive.Factors, factors))
        {
            return Moved.Equal;
        }

        if (!_adaptive.Factors.IsEmpty && onConflict != OnConflict.Replace)
        {
            return new(MoveResult.Skipped, []);
        }

        if (!dryRun)
        {
            await Change(row => (row with { AdaptiveFactors = factors }, true));
            ResumeWeights();
            _board.Touch();
            Publish();
        }

        return Moved.Written;
    }

    private async Task<Moved> AdoptInTurn(MovedEndpoint endpoint, OnConflict onConflict, bool dryRun)
    {
        var id = endpoint.Spec.Id;
        var grain = GrainFactory.GetGrain<IEndpointMoveGrain>(new EndpointKey(_id, id).ToString());
        if (!dryRun)
        {
            await FinishRemoval(id);
        }

        var adopted = await grain.Adopt(endpoint, onConflict, Policy, dryRun);
        if (!dryRun && adopted is { View: { } view, Moved.Result: MoveResult.Written or MoveResult.Equal })
        {
            Show(id, view, byHand: true);
        }

        return adopted.Moved;
    }

    /// <summary>Many at once: one by one, the list would be written as often as there are endpoints.</summary>
    private async Task EnlistAll(ImmutableArray<string> endpointIds)
    {
        try
        {
            await Change(row => (row.With(row.Endpoints.Union(endpointIds)), true));
            await SyncCatalog();
        }
        catch
        {
            foreach (var id in endpointIds)
            {
                await LookAfterFault(id);
            }

            throw;
        }

        Pace();
        Publish();
        await _pen.Flush();
    }

    private async Task<ImmutableArray<LedgerEntry>> ReadLedger(long last)
    {
        var entries = ImmutableArray.CreateBuilder<LedgerEntry>();
        for (long after = 0; ;)
        {
            var page = await Ledger.Read(new LedgerQuery { After = after, Before = last + 1, OldestFirst = true, Limit = LedgerQuery.MostEntries });
            entries.AddRange(page.Entries);
            if (!page.More)
            {
                return entries.ToImmutable();
            }

            after = page.Entries[^1].Number;
        }
    }
}
