using System.Collections.Immutable;
using Mesh.Core.Latency;

namespace Mesh.Proxy.Upstream;

/// <summary>All that a report says of one endpoint.</summary>
/// <param name="Counts">How many, of which kind, in which order.</param>
/// <param name="Latency">How long the tries took that got an answer, each to the head of it.</param>
public readonly record struct TallyPeriod(TallyCounts Counts, LatencySketch Latency)
{
    /// <summary>There is nothing to say.</summary>
    public bool IsEmpty => Counts.IsEmpty;
}

/// <summary>
/// The count of one endpoint since it was last drained. A lock and not atomics: the numbers of one report must belong together, since a
/// success that is counted but has not yet ended the run would lie about the order, which is all the report adds to a plain one. The
/// lock is held for some tens of nanoseconds, each endpoint has its own, and nothing is allocated for a request.
/// </summary>
public sealed class Tally
{
    private readonly Lock _gate = new();
    private TallyCounts _counts;
    private int _inFlight;
    private long _since;

    // Made with the first answer: most endpoints of a large mesh are never called by this proxy.
    private long[]? _buckets;
    private long _answers;
    private double _seconds;

    /// <summary>A try begins.</summary>
    public void Issue(long now)
    {
        lock (_gate)
        {
            Integrate(now);
            _inFlight++;
            _counts = _counts with { Issued = _counts.Issued + 1 };
        }
    }

    /// <summary>How a try ended is known.</summary>
    public void Record(TryOutcome one)
    {
        lock (_gate)
        {
            Count(one);
        }
    }

    /// <summary>A try is over.</summary>
    /// <param name="now">When.</param>
    /// <param name="one">How it ended, if that was not known before.</param>
    public void End(long now, TryOutcome? one)
    {
        lock (_gate)
        {
            Integrate(now);
            _inFlight--;
            if (one is { } outcome)
            {
                Count(outcome);
            }
        }
    }

    /// <summary>Takes what there is and starts a new period.</summary>
    public TallyPeriod Drain(long now)
    {
        lock (_gate)
        {
            Integrate(now);
            var period = new TallyPeriod(_counts, Sketch());
            _counts = default;
            return period;
        }
    }

    /// <summary>Gives back what could not be delivered; it comes before what was counted meanwhile.</summary>
    public void PutBack(TallyPeriod undelivered)
    {
        lock (_gate)
        {
            _counts = undelivered.Counts.Then(_counts);
            _answers += undelivered.Latency.Count;
            _seconds += undelivered.Latency.SumSeconds;
            foreach (var (bucket, count) in undelivered.Latency.Counts)
            {
                (_buckets ??= new long[LatencySketch.Buckets])[bucket] += count;
            }
        }
    }

    /// <summary>Whether nothing waits to be drained.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _counts.IsEmpty;
            }
        }
    }

    private void Count(TryOutcome one)
    {
        _counts = _counts.With(one);
        if (one is { Result: not TryResult.Ignored, Took: { } took })
        {
            (_buckets ??= new long[LatencySketch.Buckets])[LatencySketch.BucketOf(took.TotalSeconds)]++;
            _answers++;
            _seconds += took.TotalSeconds;
        }
    }

    private void Integrate(long now)
    {
        // Two callers may have looked at the clock in one order and come here in the other.
        if (now > _since)
        {
            _counts = _inFlight == 0 ? _counts : _counts with { InFlightTicks = _counts.InFlightTicks + (_inFlight * (now - _since)) };
            _since = now;
        }
    }

    private LatencySketch Sketch()
    {
        if (_buckets is null || _answers == 0)
        {
            return LatencySketch.Empty;
        }

        var counts = ImmutableArray.CreateBuilder<LatencyBucket>();
        for (var bucket = 0; bucket < _buckets.Length; bucket++)
        {
            if (_buckets[bucket] > 0)
            {
                counts.Add(new(bucket, _buckets[bucket]));
                _buckets[bucket] = 0;
            }
        }

        var sketch = new LatencySketch(counts.DrainToImmutable(), _seconds);
        (_answers, _seconds) = (0, 0);
        return sketch;
    }
}
