using System.Collections.Immutable;

namespace Mesh.Simulation.Queues;

/// <summary>What a run's requests met, and how weights moved meanwhile.</summary>
internal sealed class QueueRecorder(QueueOptions options)
{
    private readonly List<double> _latencies = [];
    private readonly double[] _sumBySecond = new double[(int)Math.Ceiling(options.Seconds)];
    private readonly int[] _answeredBySecond = new int[(int)Math.Ceiling(options.Seconds)];
    private readonly int[] _sent = new int[options.Stations.Length];

    public long Failed { get; private set; }

    public List<(double At, ImmutableArray<double> Factors)> Trajectory { get; } = [];

    public IReadOnlyList<double> Latencies => _latencies;

    public void Sent(double at, int station) => _sent[station] += at >= options.MeasureFrom ? 1 : 0;

    public void Answered(double began, double seconds, bool failed)
    {
        if (!failed)
        {
            _sumBySecond[(int)began] += seconds;
            _answeredBySecond[(int)began]++;
        }

        if (began >= options.MeasureFrom)
        {
            Failed += failed ? 1 : 0;
            if (!failed)
            {
                _latencies.Add(seconds);
            }
        }
    }

    public void Weights(double at, ImmutableArray<double> factors) => Trajectory.Add((at, factors));

    /// <summary>The mean response time of requests that began in each second.</summary>
    public double[] MeanBySecond() => [.. _sumBySecond.Zip(_answeredBySecond, (sum, count) => count == 0 ? 0 : sum / count)];

    public double[] Shares() => [.. _sent.Select(sent => (double)sent / Math.Max(1, _sent.Sum()))];
}
