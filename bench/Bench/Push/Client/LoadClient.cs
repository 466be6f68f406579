using System.Runtime.CompilerServices;
using System.Text;

namespace Mesh.Bench.Push.Client;

/// <summary>
/// Thousands of clients on one thread. They share the machine with what they measure, so they have to be far cheaper than it: no tasks, no
/// queues, nothing allocated for an update; two calls of the kernel for each, one that takes it and one that acknowledges it.
/// </summary>
internal sealed class LoadClient : IDisposable
{
    private const int Idle = 20;
    private readonly int _port;
    private readonly LoadStream[] _streams;
    private readonly int _storm;
    private readonly byte[] _opening;
    private readonly byte[] _buffer = new byte[512 * 1024];
    private readonly byte[] _scratch;
    private readonly Epoll _epoll = new();
    private readonly Thread _thread;
    private int _opened;
    private int _synced;
    private volatile bool _reconnects;
    private volatile bool _stop;
    private volatile string? _failure;

    /// <param name="port">The control plane's for gRPC.</param>
    /// <param name="streams">The clients.</param>
    /// <param name="delta">Which variant they speak.</param>
    /// <param name="storm">How many may be waiting for their first answers at once.</param>
    public LoadClient(int port, LoadStream[] streams, bool delta, int storm)
    {
        (_port, _streams, _storm) = (port, streams, storm);
        _opening = Wire.Opening(
            $"/envoy.service.discovery.v3.AggregatedDiscoveryService/{(delta ? "Delta" : "Stream")}AggregatedResources", $"127.0.0.1:{port}");
        _scratch = new byte[1024 + streams.Max(stream => stream.Wanted.Acknowledgement.Length)];
        _thread = new Thread(Run) { IsBackground = true, Name = "load" };
    }

    /// <summary>How many streams have all that they asked for.</summary>
    public int Synced => Volatile.Read(ref _synced);

    /// <summary>The first thing that went wrong; null when nothing has.</summary>
    public string? Failure => _failure;

    /// <summary>Bytes that all streams received.</summary>
    public long Bytes => _streams.Sum(stream => stream.Bytes);

    /// <summary>When the first stream was connected after <see cref="Reconnect"/>, and when the last of them was in sync: ticks of UTC.</summary>
    public (long First, long Last) Reconnected { get; private set; }

    public void Start() => _thread.Start();

    /// <summary>From now on a connection that breaks is no failure: all connect again, say what they have, and are in sync with the first answer.</summary>
    public void Reconnect() => _reconnects = true;

    public void Dispose()
    {
        _stop = true;
        _thread.Join();
        foreach (var stream in _streams)
        {
            stream.Close();
        }

        _epoll.Dispose();
    }

    private void Run()
    {
        try
        {
            Loop();
        }
        catch (Exception failure) when (failure is InvalidDataException or System.ComponentModel.Win32Exception or ArgumentOutOfRangeException or IndexOutOfRangeException)
        {
            _failure ??= failure.Message;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Loop()
    {
        while (!_stop)
        {
            var opening = _opened < _streams.Length && _opened - _synced < _storm && Open();
            var ready = _epoll.Wait(opening ? 0 : Idle);
            for (var i = 0; i < ready; i++)
            {
                var (number, events) = _epoll.At(i);
                Serve(_streams[number], events);
            }

            for (var i = 0; i < ready; i++)
            {
                var stream = _streams[_epoll.At(i).Number];
                var wrote = stream.WantsToWrite;
                stream.Acknowledge(_scratch);
                Follow(stream, wrote);
            }
        }
    }

    /// <summary>Opens the next stream.</summary>
    /// <returns>False when nobody listens just now.</returns>
    private bool Open()
    {
        var stream = _streams[_opened];
        var socket = Linux.Connect(_port);
        if (socket < 0)
        {
            if (!_reconnects)
            {
                throw new InvalidDataException($"Nobody listens on port {_port}.");
            }

            return false;
        }

        if (_reconnects && _opened == 0)
        {
            Reconnected = (DateTime.UtcNow.Ticks, 0);
        }

        _opened++;
        _epoll.Add(socket, stream.Number);
        stream.Open(socket, _opening, stream.Wanted.First($"bench-{stream.Number}", _reconnects ? stream.Has : null));
        Follow(stream, wrote: false);
        return true;
    }

    private void Serve(LoadStream stream, uint events)
    {
        if (stream.Socket < 0)
        {
            return;
        }

        var (wrote, before) = (stream.WantsToWrite, IsSynced(stream));
        if ((events & Epoll.Writable) != 0)
        {
            stream.Flush();
        }

        if ((events & ~Epoll.Writable) != 0)
        {
            stream.Receive(_buffer, _scratch);
        }

        if (stream.Failure is { } failure)
        {
            Ended(stream, failure);
            return;
        }

        Follow(stream, wrote);
        if (!before && IsSynced(stream))
        {
            if (Interlocked.Increment(ref _synced) == _streams.Length && _reconnects)
            {
                Reconnected = (Reconnected.First, DateTime.UtcNow.Ticks);
            }
        }
    }

    private bool IsSynced(LoadStream stream) => _reconnects && _opened > 0 ? stream.Responses > 0 : stream.Resources >= stream.Wanted.Count;

    private void Follow(LoadStream stream, bool wrote)
    {
        if (stream.WantsToWrite != wrote && stream.Socket >= 0)
        {
            _epoll.Follow(stream.Socket, stream.Number, stream.WantsToWrite);
        }
    }

    private void Ended(LoadStream stream, string failure)
    {
        stream.Close();
        if (!_reconnects)
        {
            _failure ??= $"stream {stream.Number}: {failure}";
            return;
        }

        // All of them have lost the same control plane: they begin again, in order, when the last has noticed.
        if (Array.TrueForAll(_streams, static one => one.Socket < 0))
        {
            (_opened, _synced) = (0, 0);
        }
    }
}
