namespace Mesh.Gateway.Calls;

/// <summary>How long the gateway goes on trying for a caller. The defaults are for production.</summary>
public sealed record GrainCallOptions
{
    /// <summary>How long a caller waits at most, all tries together: less than clients' usual patience of ten seconds, so that they get an answer and not a broken connection.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How long one try may take before the next is made under the same id: a silo that has just died or frozen answers nobody.</summary>
    public TimeSpan Try { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Until when a store that fails is tried again. After that the caller hears of it, so that nobody waits for a store that is away.</summary>
    public TimeSpan Store { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The first pause; each later one is twice as long.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest pause.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMilliseconds(500);
}
