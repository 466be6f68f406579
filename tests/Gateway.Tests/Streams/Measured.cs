using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Mesh.Gateway.Telemetry;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>What is counted while a test runs, by other tests of this process as well.</summary>
internal sealed class Measured : IDisposable
{
    private readonly ConcurrentDictionary<(string Instrument, string Tag), long> _sums = new();
    private readonly MeterListener _listener = new();

    public Measured()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (MeshTelemetry.Meters.Contains(instrument.Meter.Name))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument, 1, tags));
        _listener.Start();
    }

    /// <summary>The sum of a counter, or how many values a histogram of durations has, over all tags.</summary>
    public long Sum(string instrument) => _sums.Where(pair => pair.Key.Instrument == instrument).Sum(static pair => pair.Value);

    /// <summary>The same, of those that have this value in any tag.</summary>
    public long Sum(string instrument, string tag) => _sums.GetValueOrDefault((instrument, tag));

    /// <summary>The values of a tag that were there, of one instrument.</summary>
    public IEnumerable<string> Tags(string instrument) => _sums.Keys.Where(key => key.Instrument == instrument).Select(static key => key.Tag);

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        // Of what has several tags, the one that says what went wrong.
        var tag = tags.Length == 1 ? tags[0].Value : null;
        foreach (var one in tags)
        {
            tag = one.Key == "error.type" ? one.Value : tag;
        }

        _sums.AddOrUpdate((instrument.Name, tag?.ToString() ?? ""), value, (_, before) => before + value);
    }
}
