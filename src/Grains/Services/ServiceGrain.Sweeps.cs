using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace Mesh.Grains.Services;

/// <content>
/// The end of an interval, at which endpoints are compared over what it brought. A service that nobody sends requests has no intervals and no timer runs.
/// </content>
public sealed partial class ServiceGrain
{
    private IGrainTimer? _sweeping;
    private bool _sweepIsSet;

    /// <summary>Sets the timer for the end of the present interval, once for each.</summary>
    private void SweepLater()
    {
        if (_sweepIsSet || _judge.SweepDue(Outliers) is not { } due)
        {
            return;
        }

        var wait = due - _time.GetUtcNow();
        wait = wait > TimeSpan.FromMilliseconds(1) ? wait : TimeSpan.FromMilliseconds(1);
        _sweepIsSet = true;
        if (_sweeping is null)
        {
            _sweeping = this.RegisterGrainTimer(Sweep, new GrainTimerCreationOptions(wait, Timeout.InfiniteTimeSpan));
        }
        else
        {
            _sweeping.Change(wait, Timeout.InfiniteTimeSpan);
        }
    }

    private async Task Sweep(CancellationToken cancellationToken)
    {
        _sweepIsSet = false;
        if (_judge.SweepDue(Outliers) > _time.GetUtcNow())
        {
            // A policy with a longer interval came into force meanwhile.
            SweepLater();
            return;
        }

        try
        {
            var proposals = _judge.Sweep(Outliers, _board.InRotation);
            if (!proposals.IsEmpty)
            {
                await _turns.Take(BudgetTurn, () => Judge(proposals));
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // What was carried out is on disk; for the rest the next interval says the same again.
            GrainMetrics.Faulted("service");
            _log.LogWarning(e, "Service {Service} could not act on what its interval brought", _id);
        }
        finally
        {
            Publish();
        }

        await _pen.Flush();
    }
}
