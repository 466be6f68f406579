namespace Mesh.Core.Policies;

/// <summary>Lets weights follow the load; the bounds of what it may do.</summary>
public sealed record AdaptiveWeights
{
    /// <summary>The smallest share of its configured weight that an endpoint keeps, in percent, 1 to 100: less could not be measured.</summary>
    public int MinimumPercent { get; init; } = 5;

    /// <summary>The largest, in percent, 100 to 1000.</summary>
    public int MaximumPercent { get; init; } = 300;

    /// <summary>How much a weight may change in a step, in percent of what it was, 1 to 100.</summary>
    public int MaximumStepPercent { get; init; } = 30;

    /// <summary>How much a weight must be off before it is changed, in percent, 0 to 100.</summary>
    public int HysteresisPercent { get; init; } = 10;

    /// <summary>From one step to the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);
}
