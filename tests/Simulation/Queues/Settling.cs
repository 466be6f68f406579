using System.Collections.Immutable;

namespace Mesh.Simulation.Queues;

/// <summary>How weights came to rest after a change.</summary>
/// <param name="Seconds">From the change until the factors of those that changed stayed within <see cref="Band"/> of where they ended.</param>
/// <param name="Swings">How often a factor turned round by more than the band after the change, over all backends.</param>
/// <param name="Final">The mean factors over the last third of the time after the change, in percent.</param>
public sealed record Settling(double Seconds, int Swings, ImmutableArray<double> Final)
{
    /// <summary>In percent of an endpoint's configured weight. Less than that is noise at a few hundred requests a second.</summary>
    public const double Band = 15;

    /// <summary>Judges a trajectory.</summary>
    /// <param name="trajectory">Factors in percent, by time.</param>
    /// <param name="changeAt">When the backends changed.</param>
    /// <param name="end">When the run ended.</param>
    /// <param name="changed">Which backends changed. The others move with them, and a little by chance all the time.</param>
    public static Settling Of(
        IReadOnlyList<(double At, ImmutableArray<double> Factors)> trajectory, double changeAt, double end, IReadOnlyCollection<int> changed)
    {
        var after = trajectory.Where(point => point.At > changeAt).ToList();
        var last = after.Where(point => point.At > end - (end - changeAt) / 3).ToList();
        var final = Enumerable.Range(0, after[0].Factors.Length).Select(i => last.Average(point => point.Factors[i])).ToImmutableArray();
        var settled = after.Where(point => changed.Any(i => Math.Abs(point.Factors[i] - final[i]) > Band))
            .Select(point => point.At - changeAt).DefaultIfEmpty(0).Max();
        return new(settled, final.Select((_, i) => Turns(after.Select(point => point.Factors[i]))).Sum(), final);
    }

    /// <summary>Turning points with more than the band between them.</summary>
    private static int Turns(IEnumerable<double> factors)
    {
        var (turns, direction) = (0, 0);
        double? extreme = null;
        foreach (var factor in factors)
        {
            extreme ??= factor;
            var moved = factor - extreme.Value;
            if (direction * moved >= 0 && (direction != 0 || Math.Abs(moved) > Band))
            {
                (direction, extreme) = (direction == 0 ? Math.Sign(moved) : direction, factor);
            }
            else if (direction != 0 && Math.Abs(moved) > Band)
            {
                (turns, direction, extreme) = (turns + 1, -direction, factor);
            }
        }

        return turns;
    }
}
