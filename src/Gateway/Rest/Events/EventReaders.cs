using System.Diagnostics.Metrics;
using Mesh.Gateway.Telemetry;

namespace Mesh.Gateway.Rest.Events;

/// <summary>Counts the readers of the event stream, and keeps them within their limit.</summary>
internal sealed class EventReaders(RestLimits limits)
{
    private static readonly UpDownCounter<long> Gauge =
        MeshTelemetry.Meter.CreateUpDownCounter<long>("mesh.events.readers", description: "Readers of the event stream.");

    private int _count;

    /// <summary>A place, to be given back by disposing of it; null when all are taken.</summary>
    public IDisposable? Enter()
    {
        if (Interlocked.Increment(ref _count) > limits.EventReaders)
        {
            Interlocked.Decrement(ref _count);
            return null;
        }

        Gauge.Add(1);
        return new Place(this);
    }

    private sealed class Place(EventReaders readers) : IDisposable
    {
        public void Dispose()
        {
            Interlocked.Decrement(ref readers._count);
            Gauge.Add(-1);
        }
    }
}
