using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Snapshots;
using Mesh.Core.Verdicts;
using Microsoft.Extensions.Logging;

namespace Mesh.Grains.Services;

/// <content>
/// Judging what proxies saw. Endpoints observe in parallel and propose, and the service compares them (<see cref="ServiceJudge"/>); the budget decides on all
/// proposals of a report at once, and one report at a time, so that the mesh has one budget and not one for each gateway.
/// </content>
public sealed partial class ServiceGrain
{
    private readonly ServiceJudge _judge = new();

    /// <inheritdoc/>
    public async Task<ReportAnswer> Report(ServiceReport report)
    {
        NoteTraffic(report);
        Record(report);
        var now = _time.GetUtcNow();
        var known = report.ReceivedAt(now).Where(seen => _board.Find(seen.EndpointId) is not null).ToList();
        FollowLoad(known);
        var compared = _judge.Observe([.. known.Where(seen => _board.InRotation(seen.EndpointId))], Outliers, now);
        SweepLater();
        ImmutableArray<EjectionVerdict> verdicts = [];
        SnapshotVersion version;
        try
        {
            var observed = await FanOut.Each(known.Where(Matters).Select(_judge.Inform).ToList(), _settings.FanOut, Observe);
            List<EjectionProposal> proposals = [.. compared, .. observed.OfType<EjectionProposal>()];
            verdicts = proposals.Count == 0 ? [] : await _turns.Take(BudgetTurn, () => Judge(proposals));
        }
        finally
        {
            // One version for all that the report changed, and not one for the suspicion and one for the verdict.
            version = Publish();
        }

        await _pen.Flush();
        return new ReportAnswer(
            version,
            Ids(verdicts.Where(verdict => verdict.Allowed)),
            Ids(verdicts.Where(verdict => !verdict.Allowed)),
            [.. report.Observations.Select(seen => seen.EndpointId).Except(known.Select(seen => seen.EndpointId))]);
    }

    private static ImmutableArray<string> Ids(IEnumerable<EjectionVerdict> verdicts) => [.. verdicts.Select(verdict => verdict.Proposal.EndpointId)];

    /// <summary>
    /// Successes of an endpoint in good health, which are nearly all that is ever reported, change nothing for it: they are counted here and not passed on.
    /// </summary>
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

    /// <summary>Decides and carries out; to be called in the budget's turn. Answers with what was carried out.</summary>
    private async Task<ImmutableArray<EjectionVerdict>> Judge(IReadOnlyCollection<EjectionProposal> proposals)
    {
        // Of reports that arrive together several may propose the same endpoint; once one has sent it away there is nothing left to decide.
        var open = proposals.Where(proposal => _board.InRotation(proposal.EndpointId))
            .Select(proposal => proposal.Placed(_board.Find(proposal.EndpointId)!.Endpoint, Policy))
            .ToList();
        var ruling = _judge.Rule(_board.Tally(Policy), Policy, open, _time.GetUtcNow(), _chance.Roll);
        var carriedOut = await FanOut.Each(ruling.Verdicts, _settings.FanOut, CarryOut);
        _ = _pen.Enter(ruling.Entries);
        GrainMetrics.Detected(_id, ruling);
        ImmutableArray<EjectionVerdict> done = [.. ruling.Verdicts.Where((_, i) => carriedOut[i])];
        GrainMetrics.Overflowed(_id, done.Count(verdict => !verdict.Allowed));
        return done;
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
                await NoteOrStrike(id, view, verdict);
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
    private Task NoteOrStrike(string endpointId, EndpointView? view, EjectionVerdict? verdict = null)
    {
        if (view is null)
        {
            return Strike(endpointId);
        }

        Note(endpointId, view, verdict);
        return Task.CompletedTask;
    }
}
