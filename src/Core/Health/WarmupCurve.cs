using Mesh.Core.Policies;

namespace Mesh.Core.Health;

/// <summary>
/// How the weight of an endpoint grows while it warms up: caches are cold, code is not compiled yet, connections are few.
/// <para>
/// The curve is Envoy's (<c>SlowStartConfig</c>) and Istio's: <c>max(minimum, (time / duration) ^ (1 / aggression))</c>. There each proxy draws it for
/// itself, request by request. Here it is drawn once for the whole mesh and pushed, so it has <see cref="Steps"/> steps: an endpoint that
/// warms up costs at most that many pushes, whatever the duration. The steps lie on a grid of absolute time, a tenth of the duration
/// wide, so that a hundred endpoints that come up together move together, and make one version of the snapshot at each step instead of a hundred.
/// </para>
/// <para>Rejected: leaving it to the data plane's own slow start, which gRPC lacks, and which begins anew in each proxy that has lost its connection.</para>
/// </summary>
public static class WarmupCurve
{
    /// <summary>How many steps lead to the full weight.</summary>
    public const int Steps = 10;

    /// <summary>The share of the full weight after a number of steps, in percent, 0 to 100.</summary>
    /// <param name="warmup">Its figures may be anything; those outside of their range count as the nearest in it.</param>
    /// <param name="step">0 at the beginning; <see cref="Steps"/> is the end.</param>
    public static int Percent(Warmup warmup, int step)
    {
        if (step >= Steps)
        {
            return 100;
        }

        var grown = Math.Pow(Math.Max(0, step) / (double)Steps, 100.0 / Math.Max(100, warmup.Aggression));
        return Math.Clamp((int)Math.Round(100 * grown), Math.Clamp(warmup.MinimumPercent, 0, 100), 100);
    }

    /// <summary>How many steps are done.</summary>
    /// <param name="warmup">Of which duration; one of less than a millisecond is over at once.</param>
    /// <param name="since">When it began.</param>
    /// <param name="now">The time; before the beginning no step is done.</param>
    public static int StepAt(Warmup warmup, DateTimeOffset since, DateTimeOffset now) =>
        Width(warmup) is > 0 and var width ? (int)Math.Clamp((now - since).Ticks / width, 0, Steps) : Steps;

    /// <summary>When a step is done.</summary>
    public static DateTimeOffset TimeOf(Warmup warmup, DateTimeOffset since, int step) =>
        new((long)Int128.Min((Int128)since.UtcTicks + (Int128)Width(warmup) * step, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero);

    /// <summary>The last moment of the grid that is not after a time.</summary>
    public static DateTimeOffset Beginning(Warmup warmup, DateTimeOffset now) =>
        Width(warmup) is > 0 and var width ? new(now.UtcTicks - now.UtcTicks % width, TimeSpan.Zero) : now;

    private static long Width(Warmup warmup) => warmup.Duration < TimeSpan.FromMilliseconds(1) ? 0 : warmup.Duration.Ticks / Steps;
}
