using Mesh.Core.Policies;

namespace Mesh.Core.Health;

/// <summary>Slow start under way; see <see cref="WarmupCurve"/>.</summary>
/// <param name="Since">When it began.</param>
/// <param name="Percent">How much of its weight it has by now, 0 to 100.</param>
/// <remarks>
/// Written to disk only when something else is. After a restart the clock tells how far it has come meanwhile, so nobody warms up twice.
/// </remarks>
public sealed record Warming(DateTimeOffset Since, int Percent)
{
    /// <summary>What holds for those who return from an ejection when the policy does not say.</summary>
    private static readonly Warmup ForReturning = new();

    /// <summary>As in Istio, an endpoint that is new has all of its weight at once unless the policy says otherwise.</summary>
    internal static Warming? OfNew(TrafficPolicy policy, DateTimeOffset now) => policy.Warmup is { } warmup ? Begin(warmup, now) : null;

    /// <summary>Whoever returns from an ejection warms up in any case.</summary>
    internal static Warming? OfReturned(TrafficPolicy policy, DateTimeOffset now) => Begin(policy.Warmup ?? ForReturning, now);

    /// <summary>What it is at a time; null when it is over.</summary>
    internal Warming? At(TrafficPolicy policy, DateTimeOffset now)
    {
        var warmup = policy.Warmup ?? ForReturning;
        // A clock that was set back must not make it wait until it is as late again.
        return Since > now ? Begin(warmup, now) : Of(warmup, Since, now);
    }

    /// <summary>When the weight changes next.</summary>
    internal DateTimeOffset NextStep(TrafficPolicy policy, DateTimeOffset now)
    {
        var warmup = policy.Warmup ?? ForReturning;
        var step = WarmupCurve.StepAt(warmup, Since, now) + 1;
        while (step < WarmupCurve.Steps && WarmupCurve.Percent(warmup, step) == Percent)
        {
            step++;
        }

        return WarmupCurve.TimeOf(warmup, Since, Math.Min(step, WarmupCurve.Steps));
    }

    private static Warming? Begin(Warmup warmup, DateTimeOffset now) => Of(warmup, WarmupCurve.Beginning(warmup, now), now);

    private static Warming? Of(Warmup warmup, DateTimeOffset since, DateTimeOffset now) =>
        WarmupCurve.StepAt(warmup, since, now) is < WarmupCurve.Steps and var step ? new(since, WarmupCurve.Percent(warmup, step)) : null;
}
