namespace Mesh.Gateway.Drain;

/// <summary>How a gateway that was told to stop hands its streams over.</summary>
public sealed record DrainOptions
{
    /// <summary>How long it only says that it is going, so that load balancers send nobody here any more; zero for not at all.</summary>
    public TimeSpan Announce { get; init; }

    /// <summary>Over how long the streams are sent away; zero for all at once, as where there is no other gateway to go to.</summary>
    public TimeSpan Time { get; init; }

    /// <summary>From one wave of streams to the next.</summary>
    public TimeSpan Wave { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Streams in one wave at most, if there is a time to spread them over: 5,000 in a second, which the other gateways can greet. Where there are more streams than fit,
    /// the drain takes longer than <see cref="Time"/>.
    /// </summary>
    public int MostPerWave { get; init; } = 500;

    /// <summary>How long the last streams may take to end in order, and after them the last reports; what takes longer is cut off.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(3);
}
