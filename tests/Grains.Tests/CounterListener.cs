using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Mesh.Core;

namespace Mesh.Grains.Tests;

/// <summary>Adds up what the mesh's meter counts for one service.</summary>
internal sealed class CounterListener : IDisposable
{
    private readonly ConcurrentDictionary<string, long> _sums = new();
    private readonly MeterListener _listener = new();

    public CounterListener(ServiceId service)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Mesh.Orleans")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            foreach (var (key, tag) in tags)
            {
                if (key == "service" && (string?)tag == service.ToString())
                {
                    _sums.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value);
                }
            }
        });
        _listener.Start();
    }

    public long this[string name] => _sums.GetValueOrDefault(name);

    public void Dispose() => _listener.Dispose();
}
