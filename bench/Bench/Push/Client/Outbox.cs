using System.Buffers.Binary;

namespace Mesh.Bench.Push.Client;

/// <summary>
/// What a stream sends: bytes that the socket does not take now wait for it, and messages beyond the windows of HTTP/2 wait for the server to widen them.
/// Nearly always neither is so, and nothing is kept.
/// </summary>
internal sealed class Outbox
{
    private const int InitialWindow = 65535;
    private readonly List<byte> _unsent = [];
    private readonly List<byte> _waiting = [];
    private int _socket = -1;
    private long _connectionWindow;
    private long _streamWindow;
    private int _initialWindow;

    /// <summary>Whether bytes wait for the socket to take more.</summary>
    public bool WantsToWrite => _unsent.Count > 0;

    private long Window => Math.Min(_connectionWindow, _streamWindow);

    /// <summary>Begins anew, on another connection.</summary>
    public void Open(int socket)
    {
        (_socket, _connectionWindow, _streamWindow, _initialWindow) = (socket, InitialWindow, InitialWindow, InitialWindow);
        _unsent.Clear();
        _waiting.Clear();
    }

    /// <summary>Sends a frame, or several.</summary>
    public void Write(ReadOnlySpan<byte> frames)
    {
        var sent = _unsent.Count > 0 ? 0 : Math.Max(0, Linux.Send(_socket, frames));
        if (sent < frames.Length)
        {
            _unsent.AddRange(frames[sent..]);
        }
    }

    /// <summary>Writes what the socket did not take before.</summary>
    public void Flush()
    {
        var bytes = _unsent.ToArray();
        _unsent.Clear();
        Write(bytes);
    }

    /// <summary>Sends a message that lies behind room for the headers of its frame and of gRPC.</summary>
    /// <param name="room">The room and the message.</param>
    public void SendInPlace(Span<byte> room)
    {
        var message = room[Wire.FrameHeader..];
        message[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(message[1..], message.Length - Wire.MessagePrefix);
        if (_waiting.Count == 0 && message.Length <= Wire.MaxFrame && message.Length <= Window)
        {
            Wire.WriteHeader(room, FrameType.Data, 0, 1, message.Length);
            (_connectionWindow, _streamWindow) = (_connectionWindow - message.Length, _streamWindow - message.Length);
            Write(room);
        }
        else
        {
            _waiting.AddRange(message);
            SendWaiting();
        }
    }

    /// <summary>The server takes more.</summary>
    /// <param name="stream">On which stream; 0 for the connection.</param>
    /// <param name="more">Bytes.</param>
    public void Widen(int stream, int more)
    {
        (_connectionWindow, _streamWindow) = stream == 0 ? (_connectionWindow + more, _streamWindow) : (_connectionWindow, _streamWindow + more);
        SendWaiting();
    }

    /// <summary>The server says how much it takes on a stream before it widens that.</summary>
    public void Begin(int window)
    {
        _streamWindow += window - _initialWindow;
        _initialWindow = window;
        SendWaiting();
    }

    private void SendWaiting()
    {
        while (_waiting.Count > 0 && Window > 0)
        {
            var length = (int)Math.Min(Math.Min(_waiting.Count, Wire.MaxFrame), Window);
            Write(Wire.Frame(FrameType.Data, 0, 1, _waiting.GetRange(0, length).ToArray()));
            _waiting.RemoveRange(0, length);
            (_connectionWindow, _streamWindow) = (_connectionWindow - length, _streamWindow - length);
        }
    }
}
