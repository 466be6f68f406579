using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;

namespace Mesh.Gateway.Telemetry;

/// <summary>
/// Listens to meters and writes what they measured as Prometheus reads it. No package with such an exporter can be had everywhere, and
/// with the runtime's own <see cref="MeterListener"/> it is small.
/// </summary>
internal sealed class PrometheusExporter : IDisposable
{
    private static readonly double[] DefaultBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, PrometheusSeries> _byName = new(StringComparer.Ordinal);
    private readonly Lock _scraping = new();

    public PrometheusExporter()
    {
        _listener.InstrumentPublished = Published;
        _listener.SetMeasurementEventCallback<byte>(static (instrument, value, tags, state) => Record(instrument, value, tags, state));
        _listener.SetMeasurementEventCallback<short>(static (instrument, value, tags, state) => Record(instrument, value, tags, state));
        _listener.SetMeasurementEventCallback<int>(static (instrument, value, tags, state) => Record(instrument, value, tags, state));
        _listener.SetMeasurementEventCallback<long>(static (instrument, value, tags, state) => Record(instrument, value, tags, state));
        _listener.SetMeasurementEventCallback<float>(static (instrument, value, tags, state) => Record(instrument, value, tags, state));
        _listener.SetMeasurementEventCallback<double>(static (instrument, value, tags, state) => Record(instrument, value, tags, state));
        _listener.SetMeasurementEventCallback<decimal>(static (instrument, value, tags, state) => Record(instrument, (double)value, tags, state));
        _listener.Start();
    }

    /// <summary>Everything as it stands now.</summary>
    public string Scrape()
    {
        var text = new StringBuilder(16 * 1024);
        lock (_scraping)
        {
            foreach (var state in _byName.Values.Where(static series => series.IsAsked))
            {
                state.Clear();
            }

            try
            {
                _listener.RecordObservableInstruments();
            }
            catch (AggregateException)
            {
                // One gauge that fails does not take the others with it; they have recorded by now.
            }

            foreach (var series in _byName.Values.OrderBy(static series => series.Name, StringComparer.Ordinal))
            {
                series.Write(text);
            }
        }

        ProcessMetrics.Write(text);
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private static void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) =>
        ((PrometheusSeries)state!).Record(value, tags, instrument.IsObservable);

    private void Published(Instrument instrument, MeterListener listener)
    {
        if (!MeshTelemetry.Meters.Contains(instrument.Meter.Name))
        {
            return;
        }

        var type = instrument.GetType().GetGenericTypeDefinition();
        var kind = type == typeof(Counter<>) || type == typeof(ObservableCounter<>) ? PrometheusKind.Counter
            : type == typeof(Histogram<>) ? PrometheusKind.Histogram
            : PrometheusKind.Gauge;
        var name = PrometheusText.Name(instrument.Name, instrument.Unit, kind == PrometheusKind.Counter);
        var help = string.IsNullOrEmpty(instrument.Description) ? instrument.Name : instrument.Description;
        var series = _byName.GetOrAdd(
            name,
            _ => new PrometheusSeries(name, help, kind, kind == PrometheusKind.Histogram ? Bounds(instrument) : [], instrument.IsObservable));
        listener.EnableMeasurementEvents(instrument, series);
    }

    private static double[] Bounds(Instrument instrument) => instrument switch
    {
        Histogram<double> { Advice.HistogramBucketBoundaries: { } advised } => [.. advised],
        Histogram<long> { Advice.HistogramBucketBoundaries: { } advised } => [.. advised.Select(static bound => (double)bound)],
        Histogram<int> { Advice.HistogramBucketBoundaries: { } advised } => [.. advised.Select(static bound => (double)bound)],
        { Unit: "By" } => [256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216],
        _ => DefaultBounds,
    };
}
