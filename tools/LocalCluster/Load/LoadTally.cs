namespace Mesh.Local.Load;

/// <summary>A request that failed: when it was sent, when that was known, and how it failed.</summary>
public sealed record LostRequest(string Proxy, long Sent, long Known, string Why);

/// <summary>What the load saw. Latencies are counted in buckets of a tenth of a millisecond, up to 2 s.</summary>
public sealed class LoadTally
{
    private const int BucketsPerMillisecond = 10;
    private readonly int[] _latencies = new int[2_000 * BucketsPerMillisecond];
    private readonly List<LostRequest> _lost = [];
    private readonly Lock _gate = new();
    private long _total;

    public long Total => Interlocked.Read(ref _total);

    public void Served(TimeSpan latency)
    {
        Interlocked.Increment(ref _total);
        Interlocked.Increment(ref _latencies[Math.Clamp((int)(latency.TotalMilliseconds * BucketsPerMillisecond), 0, _latencies.Length - 1)]);
    }

    public void Lost(LostRequest request)
    {
        Interlocked.Increment(ref _total);
        lock (_gate)
        {
            _lost.Add(request);
        }
    }

    public IReadOnlyList<LostRequest> Losses()
    {
        lock (_gate)
        {
            return [.. _lost];
        }
    }

    /// <summary>The latency in milliseconds that this share of the served requests did not exceed.</summary>
    public double Percentile(double share)
    {
        var served = _latencies.Sum(count => (long)count);
        var wanted = (long)Math.Ceiling(served * share);
        for (var i = 0; i < _latencies.Length && served > 0; i++)
        {
            if ((wanted -= _latencies[i]) <= 0)
            {
                return (i + 1) / (double)BucketsPerMillisecond;
            }
        }

        return 0;
    }
}
