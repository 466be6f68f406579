namespace Mesh.Gateway.Drain;

/// <summary>
/// Who has to have left by when. It looks at the time that has passed and not at the waves that were, so that a machine which is too busy to be in time catches up
/// with the next wave instead of taking longer; and streams that ended by themselves count as gone.
/// <para>
/// Rejected: all streams at once (the other gateways would be asked for everything by everybody in the same moment, and the last one to be answered waits longest), and
/// one client after the other has come back elsewhere (nobody tells us where it went).
/// </para>
/// </summary>
/// <param name="Announce">When the first wave leaves, from the beginning.</param>
/// <param name="Every">From one wave to the next.</param>
/// <param name="PerWave">Streams in a wave.</param>
/// <param name="Streams">Streams there were at the beginning.</param>
public sealed record DrainPlan(TimeSpan Announce, TimeSpan Every, int PerWave, int Streams)
{
    /// <summary>The plan for so many streams.</summary>
    public static DrainPlan Of(DrainOptions options, int streams)
    {
        var every = options.Wave > TimeSpan.Zero ? options.Wave : TimeSpan.FromMilliseconds(1);
        var waves = (int)Math.Clamp(options.Time / every, 0, int.MaxValue);
        var even = waves <= 1 ? streams : (streams + waves - 1) / waves;
        return new(options.Announce, every, Math.Max(1, options.Time > TimeSpan.Zero ? Math.Min(even, options.MostPerWave) : even), streams);
    }

    /// <summary>What to do now.</summary>
    /// <param name="elapsed">Since the beginning.</param>
    /// <param name="waiting">Streams that have neither been told to leave nor left by themselves.</param>
    public DrainStep At(TimeSpan elapsed, int waiting)
    {
        if (elapsed < Announce)
        {
            return new(DrainPhase.Announcing, 0, Announce - elapsed);
        }

        if (waiting == 0)
        {
            return new(DrainPhase.Finishing, 0, TimeSpan.Zero);
        }

        var waves = ((elapsed - Announce).Ticks / Every.Ticks) + 1;
        var due = (int)Math.Min(Streams, waves * PerWave);
        var leave = Math.Clamp(due - (Streams - waiting), 0, waiting);
        return new(DrainPhase.HandingOver, leave, leave == waiting ? TimeSpan.Zero : Announce + (waves * Every) - elapsed);
    }
}

/// <summary>A step of a drain.</summary>
/// <param name="Phase">Where it is.</param>
/// <param name="Leave">So many streams are told to leave.</param>
/// <param name="Wait">After so long there is more to do.</param>
public readonly record struct DrainStep(DrainPhase Phase, int Leave, TimeSpan Wait);
