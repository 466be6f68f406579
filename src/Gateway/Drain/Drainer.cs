using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mesh.Gateway.Drain;

/// <summary>Something that has to be finished after the last stream and before the grains go.</summary>
public interface IDrainEnd
{
    /// <summary>Finishes it.</summary>
    Task Finish(CancellationToken cancellationToken);
}

/// <summary>
/// Leaves in order. It acts before any other part of the host is told to stop (that is what <see cref="StoppingAsync"/> means): everything that streams and requests
/// need is there as long as there are any. After it Kestrel stops, which finishes the requests that are under way, then everything else in the reverse order of the start, the
/// grains' silo last, so that grains move when nobody here asks them any more.
/// </summary>
internal sealed class Drainer(DrainGate gate, DrainOptions options, IEnumerable<IDrainEnd> ends, TimeProvider time, ILogger<Drainer> logger) : IHostedLifecycleService
{
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        if (gate.IsDraining)
        {
            return;
        }

        var started = time.GetTimestamp();
        var kinds = gate.Close();
        var plan = DrainPlan.Of(options, kinds.Values.Sum());
        logger.LogInformation(
            "Leaving: not ready any more, {Streams} streams to hand over ({Ads} ADS, {Lrs} LRS, {Watches} watches, {Readers} readers of events), {Wave} at a time, after {Announce} s.",
            plan.Streams, kinds.GetValueOrDefault(StreamKind.Ads), kinds.GetValueOrDefault(StreamKind.Lrs), kinds.GetValueOrDefault(StreamKind.Watch),
            kinds.GetValueOrDefault(StreamKind.Events), plan.PerWave, plan.Announce.TotalSeconds);
        try
        {
            await HandOver(plan, started, cancellationToken);
            await End(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            gate.Send(int.MaxValue);
            logger.LogWarning("There was no time to leave in order; {Streams} streams are cut off.", gate.Cut());
        }

        logger.LogInformation("Handed over after {Seconds:0.0} s; requests under way are finished, then the grains go.", time.GetElapsedTime(started).TotalSeconds);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task HandOver(DrainPlan plan, long started, CancellationToken cancellationToken)
    {
        while (true)
        {
            var step = plan.At(time.GetElapsedTime(started), gate.Waiting);
            if (step.Phase != gate.Phase)
            {
                gate.Reach(step.Phase);
                logger.LogInformation("Leaving: {Phase}, {Streams} streams are left.", step.Phase, gate.Streams);
            }

            if (step.Phase == DrainPhase.Finishing)
            {
                return;
            }

            gate.Send(step.Leave);
            if (step.Wait > TimeSpan.Zero)
            {
                await Task.Delay(step.Wait, time, cancellationToken);
            }
        }
    }

    private async Task End(CancellationToken cancellationToken)
    {
        try
        {
            await gate.Empty().WaitAsync(options.Grace, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            logger.LogWarning("{Streams} streams did not end within {Grace} s and are cut off.", gate.Cut(), options.Grace.TotalSeconds);
        }

        using var limit = new CancellationTokenSource(options.Grace, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await Task.WhenAll(ends.Select(end => end.Finish(either.Token))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
