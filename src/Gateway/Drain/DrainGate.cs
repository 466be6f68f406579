using System.Diagnostics.Metrics;
using Mesh.Gateway.Telemetry;
using Microsoft.AspNetCore.Http;

namespace Mesh.Gateway.Drain;

/// <summary>How far this gateway is with leaving, for whoever shows it.</summary>
public interface IDrainStatus
{
    /// <summary>The phase.</summary>
    DrainPhase Phase { get; }

    /// <summary>Long-lived streams that are open.</summary>
    int Streams { get; }
}

/// <summary>Where every long-lived stream enters and leaves, so that a drain finds all of them, of whatever kind.</summary>
public sealed class DrainGate : IDrainStatus, IDisposable
{
    private readonly Lock _lock = new();
    private readonly HashSet<DrainSeat> _open = [];
    private readonly Meter _gauges = new(MeshTelemetry.Name);
    private Queue<DrainSeat> _queue = [];
    private TaskCompletionSource? _empty;
    private int _waiting;
    private int _phase;

    /// <summary>Open, with nobody in.</summary>
    public DrainGate()
    {
        _gauges.CreateObservableGauge(
            "mesh.drain.state", () => (int)Phase, description: "How far this gateway is with leaving: 0 serves, 1 announces, 2 hands its streams over, 3 finishes.");
        _gauges.CreateObservableGauge("mesh.drain.streams", () => Streams, description: "Long-lived streams that a drain has to hand over: ADS, LRS, watches, readers of events.");
    }

    /// <inheritdoc/>
    public DrainPhase Phase => (DrainPhase)Volatile.Read(ref _phase);

    /// <summary>Whether it is leaving: new streams are refused.</summary>
    public bool IsDraining => Phase != DrainPhase.Serving;

    /// <inheritdoc/>
    public int Streams
    {
        get
        {
            lock (_lock)
            {
                return _open.Count;
            }
        }
    }

    /// <summary>Streams that have not been told to leave yet.</summary>
    internal int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting;
            }
        }
    }

    /// <summary>Lets a stream in; null when this gateway is leaving.</summary>
    public DrainSeat? Enter(StreamKind kind, HttpContext http)
    {
        var seat = new DrainSeat(this, kind, http);
        lock (_lock)
        {
            if (!IsDraining)
            {
                _open.Add(seat);
                _waiting++;
                return seat;
            }
        }

        seat.Dispose();
        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => _gauges.Dispose();

    /// <summary>Lets nobody in from now on. Says how many there are of each kind.</summary>
    internal IReadOnlyDictionary<StreamKind, int> Close()
    {
        lock (_lock)
        {
            _phase = (int)DrainPhase.Announcing;
            _queue = new(_open.OrderBy(static seat => seat.Connection, StringComparer.Ordinal));
            return _open.CountBy(static seat => seat.Kind).ToDictionary();
        }
    }

    internal void Reach(DrainPhase phase) => Volatile.Write(ref _phase, (int)phase);

    /// <summary>Tells so many streams to leave.</summary>
    internal void Send(int count)
    {
        var told = new List<DrainSeat>(count);
        lock (_lock)
        {
            while (told.Count < count && _queue.TryDequeue(out var seat))
            {
                if (_open.Contains(seat))
                {
                    seat.Told = true;
                    _waiting--;
                    told.Add(seat);
                }
            }
        }

        told.ForEach(static seat => seat.Tell());
    }

    /// <summary>Ends when nobody is in.</summary>
    internal Task Empty()
    {
        lock (_lock)
        {
            _empty ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_open.Count == 0)
            {
                _empty.TrySetResult();
            }

            return _empty.Task;
        }
    }

    /// <summary>Cuts off whoever is left. Says how many.</summary>
    internal int Cut()
    {
        DrainSeat[] left;
        lock (_lock)
        {
            left = [.. _open];
        }

        Array.ForEach(left, static seat => seat.Cut());
        return left.Length;
    }

    internal void Leave(DrainSeat seat)
    {
        lock (_lock)
        {
            if (!_open.Remove(seat))
            {
                return;
            }

            _waiting -= seat.Told ? 0 : 1;
            if (_open.Count == 0)
            {
                _empty?.TrySetResult();
            }
        }
    }
}
