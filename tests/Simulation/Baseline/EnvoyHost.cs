namespace Mesh.Simulation.Baseline;

/// <summary>What one proxy's detector remembers of one host (Envoy's <c>DetectorHostMonitorImpl</c>).</summary>
public sealed class EnvoyHost(string key)
{
    public string Key => key;

    public bool Ejected { get; set; }

    /// <summary>How often it was ejected.</summary>
    public long Ejections { get; set; }

    public DateTimeOffset LastEjection { get; set; }

    /// <summary>Envoy's <c>eject_time_backoff</c>: multiplies the base ejection time.</summary>
    public int Multiplier { get; set; }

    public int Consecutive5xx { get; set; }

    public int ConsecutiveGatewayFailure { get; set; }

    public int ConsecutiveLocalOriginFailure { get; set; }

    /// <summary>Answers of the upstream; without the split, whatever happened.</summary>
    public EnvoyBucket External { get; } = new();

    /// <summary>Requests that got no answer; only with the split.</summary>
    public EnvoyBucket LocalOrigin { get; } = new();

    public void ForgetRuns() => (Consecutive5xx, ConsecutiveGatewayFailure, ConsecutiveLocalOriginFailure) = (0, 0, 0);
}

/// <summary>Counts of the interval under way, and of the one before it, which is the one that is judged (Envoy's <c>SuccessRateAccumulator</c>).</summary>
public sealed class EnvoyBucket
{
    private long _succeeded;
    private long _total;

    public long Succeeded { get; private set; }

    public long Total { get; private set; }

    /// <summary>In percent, of the interval before; meaningless without requests.</summary>
    public double SuccessRate => Succeeded * 100.0 / Total;

    public void Add(bool success)
    {
        _total++;
        _succeeded += success ? 1 : 0;
    }

    public void Swap() => (Succeeded, Total, _succeeded, _total) = (_succeeded, _total, 0, 0);
}
