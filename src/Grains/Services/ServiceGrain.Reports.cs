using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Snapshots;
using Microsoft.Extensions.Logging;

namespace Mesh.Grains.Services;

/// <content>
/// Judging what proxies saw. Endpoints observe in parallel and propose; the budget decides on all proposals of a report at once, and one
/// report at a time, so that the mesh has one budget and not one for each gateway.
/// </content>
public sealed partial class ServiceGrain
{
    /// <inheritdoc/>
    public async Task<ReportAnswer> Report(ServiceReport report)
    {
        NoteTraffic(report);
        Record(report);
        var known = report.Observations.Where(seen => _board.Find(seen.EndpointId) is not null).ToList();
        FollowLoad(known);
        EjectionVerdict[] verdicts;
        SnapshotVersion version;
        try
        {
            var proposals = await FanOut.Each(known.Where(Matters).ToList(), _settings.FanOut, Observe);
            verdicts = proposals.Any(proposal => proposal is not null)
                ? await _turns.Take(BudgetTurn, () => Judge(proposals.OfType<EjectionProposal>()))
                : [];
        }
        finally
        {
            // One version for all that the report changed, and not one for the suspicion and one for the verdict.
            version = Publish();
        }

        GrainMetrics.Overflowed(_id, verdicts.Count(verdict => !verdict.Allowed));
        return new ReportAnswer(
            version,
            Ids(verdicts.Where(verdict => verdict.Allowed)),
            Ids(verdicts.Where(verdict => !verdict.Allowed)),
            [.. report.Observations.Select(seen => seen.EndpointId).Except(known.Select(seen => seen.EndpointId))]);
    }

    private static ImmutableArray<string> Ids(IEnumerable<EjectionVerdict> verdicts) => [.. verdicts.Select(verdict => verdict.Proposal.EndpointId)];

    /// <summary>Successes of an endpoint in good health, which are nearly all that is ever reported, change nothing: they are not passed on.</summary>
    private bool Matters(EndpointObservation seen) =>
        seen.Failed > 0 || _board.Find(seen.EndpointId) is { Endpoint.Status: not HealthStatus.Healthy } or { ConsecutiveFailures: > 0 };

    private async Task<EjectionProposal?> Observe(EndpointObservation seen)
    {
        try
        {
            return await _turns.Take(seen.EndpointId, async () =>
            {
                var observed = await Endpoint(seen.EndpointId).Observe(seen, Policy);
                await NoteOrStrike(seen.EndpointId, observed?.View);
                return observed?.Proposal;
            });
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // One endpoint that cannot be asked is no reason to let the others off.
            Faulted(e, "observe", seen.EndpointId);
            return null;
        }
    }

    private async Task<EjectionVerdict[]> Judge(IEnumerable<EjectionProposal> proposals)
    {
        // Of reports that arrive together several may propose the same endpoint; once one has sent it away there is nothing left to decide.
        var open = proposals.Where(proposal => _board.Find(proposal.EndpointId) is { Endpoint.InRotation: true });
        var decided = EjectionBudget.Decide(_board.Tally(), Outliers, open);
        var carriedOut = await FanOut.Each(decided, _settings.FanOut, CarryOut);
        return [.. decided.Where((_, i) => carriedOut[i])];
    }

    /// <summary>False when it could not be written: then it is as if it had not been decided, and the next report proposes it again.</summary>
    private async Task<bool> CarryOut(EjectionVerdict verdict)
    {
        var id = verdict.Proposal.EndpointId;
        try
        {
            return await _turns.Take(id, async () =>
            {
                var view = await Endpoint(id).Decide(verdict, Policy);
                await NoteOrStrike(id, view);
                return view is not null && (!verdict.Allowed || view.Endpoint.Status == HealthStatus.Ejected);
            });
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Faulted(e, "eject", id);
            _board.MayBeEjected(id);
            await LookAfterFault(id);
            return false;
        }
    }

    /// <summary>Takes a view without publishing it: that is done once, at the end of the report.</summary>
    private Task NoteOrStrike(string endpointId, EndpointView? view)
    {
        if (view is null)
        {
            return Strike(endpointId);
        }

        _board.Put(endpointId, view);
        return Task.CompletedTask;
    }
}
