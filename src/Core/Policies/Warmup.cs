namespace Mesh.Core.Policies;

/// <summary>Slow start; names and meaning as in Istio's <c>loadBalancer.warmup</c> and Envoy's <c>SlowStartConfig</c>.</summary>
public sealed record Warmup
{
    /// <summary>How long the weight grows.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Where it begins, in percent of the full weight, 0 to 100.</summary>
    public int MinimumPercent { get; init; } = 10;

    /// <summary>
    /// The shape, in hundredths, at least 100: weight grows as (time / duration) to the power of 1 / aggression. 100 is a straight line.
    /// </summary>
    public int Aggression { get; init; } = 100;
}
