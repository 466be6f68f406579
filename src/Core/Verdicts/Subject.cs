using System.Collections.Immutable;
using Mesh.Core.Latency;
using Mesh.Core.Outliers;
using Mesh.Core.Verdicts.Statistics;

namespace Mesh.Core.Verdicts;

/// <summary>What a judge remembers of one endpoint: the counts of the present interval, the evidence of the sequential test, and what was let go.</summary>
internal sealed class Subject
{
    /// <summary>So that sums over buckets and endpoints stay sums, whatever a report claims.</summary>
    private const long MostInABucket = 1L << 40;

    private readonly long[] _latency = new long[LatencySketch.Buckets];
    private readonly SourceCounts _windowSources = new();
    private readonly SourceCounts _trailSources = new();
    private DateTimeOffset? _windowSince;
    private long _succeeded;
    private long _failed;
    private long _local;
    private double _seconds;
    private DateTimeOffset? _trailSince;
    private long _trailFailed;
    private long _trailRequests;
    private double _trailBound;

    public EProcess Evidence { get; private set; }

    public Recollection Past { get; set; }

    public Recollection Latest { get; set; }

    public DateTimeOffset? LastSeen { get; private set; }

    public DateTimeOffset? LastSuccess { get; private set; }

    public Streaks Streaks { get; } = new();

    public Flow Flow { get; } = new();

    public void Note(EndpointObservation observation, ObservationCounts seen, DateTimeOffset now)
    {
        Flow.Note((double)seen.Succeeded + seen.Failed, now);
        _windowSince ??= LastSeen ?? now;
        _succeeded = Saturating.Add(_succeeded, seen.Succeeded);
        _failed = Saturating.Add(_failed, seen.Failed);
        _local = Saturating.Add(_local, seen.Local);
        _windowSources.Add(observation.Sources, seen.Failed);
        if (seen.Succeeded > 0)
        {
            Streaks.RunsEnded();
        }

        LastSuccess = Times.Latest(LastSuccess, observation.LastSuccess);
        if (observation.Latency is { } latency)
        {
            _seconds += latency.SumSeconds;
            foreach (var bucket in latency.Counts.Where(bucket => bucket.Bucket is >= 0 and < LatencySketch.Buckets && bucket.Count > 0))
            {
                _latency[bucket.Bucket] = Math.Min(MostInABucket, Saturating.Add(_latency[bucket.Bucket], bucket.Count));
            }
        }
    }

    /// <summary>The interval's counts; null when there were none. The next interval begins.</summary>
    public EndpointWindow? TakeWindow(string endpointId)
    {
        if (_succeeded == 0 && _failed == 0)
        {
            return null;
        }

        var window = new EndpointWindow(endpointId, _succeeded, _failed, _local)
        {
            Since = _windowSince,
            Sources = _windowSources.Of(_failed),
            Latency = TakeLatency(),
        };
        (_succeeded, _failed, _local, _windowSince) = (0, 0, 0, null);
        _windowSources.Clear();
        return window;
    }

    /// <summary>
    /// One report's step of the sequential test. In an endpoint's first moments there is none: of a busy one a dozen failures are heard of before the first thousand successes.
    /// </summary>
    public void Test(EndpointObservation observation, ObservationCounts seen, double bound, double threshold, TimeSpan interval, DateTimeOffset now)
    {
        if (!Flow.IsSettled(now))
        {
            LastSeen = now;
            return;
        }

        if (Evidence.Value < 1)
        {
            // What is shown as evidence begins where the evidence does.
            (_trailSince, _trailFailed, _trailRequests, _trailBound) = (LastSeen, 0, 0, 0);
            _trailSources.Clear();
        }

        var requests = Saturating.Add(seen.Succeeded, seen.Failed);
        var brought = LastSeen is { } last ? Math.Clamp((now - last) / interval, 0, 1) : 1;
        Evidence = Evidence.Step(seen.Succeeded, seen.Failed, bound, brought, threshold);
        _trailSince ??= now;
        _trailFailed = Saturating.Add(_trailFailed, seen.Failed);
        _trailRequests = Saturating.Add(_trailRequests, requests);
        _trailBound += bound * requests;
        _trailSources.Add(observation.Sources, seen.Failed);
        LastSeen = now;
    }

    /// <summary>The sequential test's evidence in figures.</summary>
    /// <param name="threshold">How much suffices.</param>
    /// <param name="peers">The peers' rate of failures.</param>
    /// <param name="hosts">How many endpoints were compared.</param>
    public OutlierEvidence Explain(double threshold, double? peers, int hosts)
    {
        var bound = _trailBound / _trailRequests;
        var fewest = EProcess.FewestFailures(_trailRequests, bound, threshold) ?? _trailFailed;
        return new(OutlierDetector.Sequential, _trailFailed, Math.Clamp(fewest, 1, _trailFailed))
        {
            Requests = _trailRequests,
            Observed = (double)_trailFailed / _trailRequests,
            Limit = bound,
            Peers = peers,
            Hosts = hosts,
            Since = _trailSince,
            Sources = _trailSources.Of(_trailFailed),
            Note = EvidenceNote.Odds(Evidence.Value, threshold),
        };
    }

    /// <summary>What was let go once needs new evidence.</summary>
    public void ForgetEvidence() => Evidence = default;

    private LatencySketch? TakeLatency()
    {
        var counts = ImmutableArray.CreateBuilder<LatencyBucket>();
        for (var i = 0; i < _latency.Length; i++)
        {
            if (_latency[i] > 0)
            {
                counts.Add(new(i, _latency[i]));
            }
        }

        var sketch = counts.Count == 0 ? null : new LatencySketch(counts.ToImmutable(), _seconds);
        Array.Clear(_latency);
        _seconds = 0;
        return sketch;
    }
}
