using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Mesh.Gateway.Calls;

/// <summary>
/// Calls a grain on behalf of a caller, and again while nobody knows what became of it. When a silo dies its grains wake elsewhere within a
/// second or two; whoever asks meanwhile need not know. What is called must be safe to repeat: a read, a renewal, or a command with an operation id.
/// </summary>
/// <remarks>Rejected: leaving it to the callers. Each would need the same loop, and most have none.</remarks>
public sealed class GrainCalls(GrainCallOptions options, TimeProvider time, ILogger<GrainCalls> logger)
{
    private static readonly Counter<long> Repeats = new Meter("Mesh.Orleans").CreateCounter<long>(
        "mesh_grain_call_repeats_total", description: "Calls to grains that were made again because nobody knew what became of them, by reason.");

    /// <summary>Calls until there is an answer or the limit is reached; then the last failure is thrown.</summary>
    public async Task<T> Call<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        for (var tries = 1; ; tries++)
        {
            var left = options.Limit - time.GetElapsedTime(started);
            var patience = left < TimeSpan.Zero ? TimeSpan.Zero : left < options.Try ? left : options.Try;
            try
            {
                return await call().WaitAsync(patience, time, cancellationToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException && Pause(failure, tries, time.GetElapsedTime(started)) is { } pause)
            {
                await Task.Delay(pause, time, cancellationToken);
            }
        }
    }

    /// <summary>How long to wait before the next try; null when there is none.</summary>
    private TimeSpan? Pause(Exception failure, int tries, TimeSpan elapsed)
    {
        var kind = GrainFailures.Of(failure);
        var pause = options.FirstPause * Math.Pow(2, Math.Min(tries - 1, 10));
        pause = (pause < options.LongestPause ? pause : options.LongestPause) * (0.5 + Random.Shared.NextDouble() / 2);
        var until = kind switch { GrainFailure.Lost => options.Limit, GrainFailure.Store => options.Store, _ => TimeSpan.Zero };
        if (elapsed + pause >= until)
        {
            return null;
        }

        Repeats.Add(1, new KeyValuePair<string, object?>("reason", kind == GrainFailure.Lost ? "lost" : "store"));
        logger.LogInformation("A grain gave no answer ({Reason}); it is asked again, for the {Tries}. time", failure.GetType().Name, tries + 1);
        return pause;
    }
}
