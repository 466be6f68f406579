using System.Text;

namespace Mesh.Gateway.Telemetry;

/// <summary>One instrument's series, by their labels.</summary>
internal sealed class PrometheusSeries(string name, string help, PrometheusKind kind, double[] bounds, bool isAsked)
{
    /// <summary>Series of one instrument at most; more are added up in one whose label says so.</summary>
    public const int MostSeries = 2_000;

    private const string OverflowLabels = "overflow=\"true\"";

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, Series> _series = new(StringComparer.Ordinal);

    // What is measured most often has one label or none; to write it out and sort it anew for each value cost more than the adding up.
    private readonly Dictionary<(string Name, string Value), Series> _byOneLabel = [];

    public string Name => name;

    /// <summary>Whether its values come from asking (an observable instrument), not from adding up.</summary>
    public bool IsAsked => isAsked;

    /// <summary>For gauges that are asked: forget what is not there any more.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _series.Clear();
            _byOneLabel.Clear();
        }
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, bool absolute)
    {
        lock (_gate)
        {
            var series = Find(tags);
            series.Sum = absolute ? value : series.Sum + value;
            series.Count++;
            if (kind == PrometheusKind.Histogram)
            {
                var bucket = Array.BinarySearch(bounds, value);
                series.Buckets[bucket < 0 ? ~bucket : bucket]++;
            }
        }
    }

    private Series Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags is not [{ Key: var name, Value: string value }])
        {
            return Find(PrometheusText.Labels(tags));
        }

        if (!_byOneLabel.TryGetValue((name, value), out var series))
        {
            series = Find(PrometheusText.Labels(tags));
            if (_byOneLabel.Count < MostSeries)
            {
                _byOneLabel.Add((name, value), series);
            }
        }

        return series;
    }

    private Series Find(string labels)
    {
        if (!_series.TryGetValue(labels, out var series))
        {
            if (_series.Count >= MostSeries && !_series.TryGetValue(labels = OverflowLabels, out series))
            {
                _series[labels] = series = new Series(bounds.Length);
            }

            series ??= _series[labels] = new Series(bounds.Length);
        }

        return series;
    }

    public void Write(StringBuilder text)
    {
        lock (_gate)
        {
            if (_series.Count == 0)
            {
                return;
            }

            PrometheusText.Header(text, name, help, kind switch
            {
                PrometheusKind.Counter => "counter",
                PrometheusKind.Gauge => "gauge",
                _ => "histogram",
            });
            foreach (var (labels, series) in _series)
            {
                if (kind == PrometheusKind.Histogram)
                {
                    WriteHistogram(text, labels, series);
                }
                else
                {
                    PrometheusText.Sample(text, name, labels, series.Sum);
                }
            }
        }
    }

    private void WriteHistogram(StringBuilder text, string labels, Series series)
    {
        var separator = labels.Length > 0 ? "," : "";
        long count = 0;
        for (var i = 0; i <= bounds.Length; i++)
        {
            count += series.Buckets[i];
            var bound = i < bounds.Length ? PrometheusText.Number(bounds[i]) : "+Inf";
            PrometheusText.Sample(text, name + "_bucket", $"{labels}{separator}le=\"{bound}\"", count);
        }

        PrometheusText.Sample(text, name + "_sum", labels, series.Sum);
        PrometheusText.Sample(text, name + "_count", labels, series.Count);
    }

    private sealed class Series(int bounds)
    {
        public double Sum { get; set; }

        public long Count { get; set; }

        public long[] Buckets { get; } = new long[bounds + 1];
    }
}

/// <summary>What Prometheus takes a metric for.</summary>
internal enum PrometheusKind
{
    /// <summary>Only grows.</summary>
    Counter,

    /// <summary>Comes and goes.</summary>
    Gauge,

    /// <summary>A distribution.</summary>
    Histogram,
}
