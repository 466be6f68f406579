namespace Mesh.Grains;

/// <summary>Where grains roll their dice, so that a test can load them.</summary>
public interface IChance
{
    /// <summary>From 0 (included) to 1.</summary>
    double Roll();
}

/// <summary>Real chance.</summary>
public sealed class SystemChance : IChance
{
    /// <inheritdoc/>
    public double Roll() => Random.Shared.NextDouble();
}
