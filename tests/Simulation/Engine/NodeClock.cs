namespace Mesh.Simulation.Engine;

/// <summary>One machine's clock: off by a skew, and it may jump. What measures spans (<see cref="GetTimestamp"/>) does neither, as on real machines.</summary>
public sealed class NodeClock(Simulator simulator) : TimeProvider
{
    /// <summary>How far it is ahead of the true time.</summary>
    public TimeSpan Offset { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => simulator.Now + Offset;

    public override long GetTimestamp() => simulator.Now.Ticks;
}
