using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Mesh.Bench.Push.Client;

/// <summary>Who wants to know what arrived; called on the thread of the load.</summary>
internal interface IArrivals
{
    /// <summary>A resource was received.</summary>
    /// <param name="stream">The stream's number.</param>
    /// <param name="assignment">What it says.</param>
    /// <param name="at">When, in ticks of UTC: right after the bytes were taken from the socket.</param>
    void Arrived(int stream, in Assignment assignment, long at);
}

/// <summary>
/// One client: a connection, one ADS stream on it, what it asks for. Bytes are understood where they were received; only what is cut in two is kept.
/// It acknowledges whatever it gets.
/// </summary>
internal sealed class LoadStream(int number, Wanted wanted, IArrivals arrivals)
{
    private const int UpdateEvery = 16 << 20;
    private readonly byte[] _answered = new byte[256];
    private readonly List<byte> _unsent = [];
    private readonly List<byte> _waiting = [];
    private byte[] _carried = [];
    private int _carriedCount;
    private byte[] _message = [];
    private int _filled;
    private long _connectionWindow;
    private long _streamWindow;
    private int _initialWindow;
    private int _consumed;
    private bool _owes;
    private int _nonce;
    private int _version;

    public int Number => number;

    public Wanted Wanted => wanted;

    public int Socket { get; private set; } = -1;

    /// <summary>Resources received or said to be gone, since it was opened.</summary>
    public int Resources { get; private set; }

    /// <summary>Responses received since it was opened.</summary>
    public int Responses { get; private set; }

    /// <summary>Bytes received since it was made, framing included.</summary>
    public long Bytes { get; private set; }

    /// <summary>Why it ended; null while it has not.</summary>
    public string? Failure { get; private set; }

    /// <summary>Whether bytes wait for the socket to take more.</summary>
    public bool WantsToWrite => _unsent.Count > 0;

    /// <summary>What it has, by name; kept only when asked for.</summary>
    public Dictionary<string, byte[]>? Has { get; set; }

    public void Open(int socket, byte[] opening, byte[] first)
    {
        (Socket, Resources, Responses, Failure) = (socket, 0, 0, null);
        (_carriedCount, _filled, _consumed, _owes) = (0, 0, 0, false);
        (_connectionWindow, _streamWindow, _initialWindow) = (65535, 65535, 65535);
        _unsent.Clear();
        _waiting.Clear();
        Write(opening);
        var message = new byte[Wire.MessagePrefix + first.Length];
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), first.Length);
        first.CopyTo(message, Wire.MessagePrefix);
        Send(message);
    }

    public void Close()
    {
        if (Socket >= 0)
        {
            Linux.Reset(Socket);
            Socket = -1;
        }
    }

    /// <summary>Takes what there is, and understands it.</summary>
    /// <param name="buffer">Of all streams; its content does not outlive the call.</param>
    /// <param name="scratch">To write an acknowledgement in that does not wait for its turn.</param>
    public void Receive(byte[] buffer, byte[] scratch)
    {
        _carried.AsSpan(0, _carriedCount).CopyTo(buffer);
        var received = Linux.Receive(Socket, buffer.AsSpan(_carriedCount));
        var at = DateTime.UtcNow.Ticks;
        if (received <= 0)
        {
            if (received == 0 || System.Runtime.InteropServices.Marshal.GetLastPInvokeError() != Linux.Again)
            {
                Failure ??= "the connection was closed";
            }

            return;
        }

        Bytes += received;
        ReadOnlySpan<byte> rest = buffer.AsSpan(0, _carriedCount + received);
        while (rest.Length >= Wire.FrameHeader && rest.Length >= Wire.FrameHeader + Wire.PayloadLength(rest))
        {
            var length = Wire.PayloadLength(rest);
            Frame((FrameType)rest[3], rest[4], rest.Slice(Wire.FrameHeader, length), BinaryPrimitives.ReadInt32BigEndian(rest[5..]), at, scratch);
            rest = rest[(Wire.FrameHeader + length)..];
        }

        Carry(rest);
    }

    /// <summary>Writes what the socket did not take before.</summary>
    public void Flush()
    {
        var bytes = _unsent.ToArray();
        _unsent.Clear();
        Write(bytes);
    }

    /// <summary>
    /// Acknowledges what was received. Apart from receiving, so that all streams that are ready are read first: elsewhere each client has a machine
    /// of its own, and what one of them sends does not keep another from reading.
    /// </summary>
    public void Acknowledge(byte[] scratch)
    {
        if (!_owes || Socket < 0)
        {
            return;
        }

        _owes = false;
        var body = wanted.Acknowledge(
            scratch.AsSpan(Wire.FrameHeader + Wire.MessagePrefix), _answered.AsSpan(0, _nonce), _answered.AsSpan(_nonce, _version));
        scratch[Wire.FrameHeader] = 0;
        BinaryPrimitives.WriteInt32BigEndian(scratch.AsSpan(Wire.FrameHeader + 1), body);
        var whole = Wire.MessagePrefix + body;
        if (_waiting.Count == 0 && whole <= Wire.MaxFrame && whole <= Math.Min(_connectionWindow, _streamWindow))
        {
            // As nearly always: one frame, written in place.
            Wire.WriteHeader(scratch, FrameType.Data, 0, 1, whole);
            (_connectionWindow, _streamWindow) = (_connectionWindow - whole, _streamWindow - whole);
            Write(scratch.AsSpan(0, Wire.FrameHeader + whole));
        }
        else
        {
            Send(scratch.AsSpan(Wire.FrameHeader, whole));
        }
    }

    private void Carry(ReadOnlySpan<byte> rest)
    {
        _carriedCount = rest.Length;
        if (rest.IsEmpty)
        {
            return;
        }

        if (_carried.Length < rest.Length)
        {
            _carried = new byte[Wire.FrameHeader + Wire.MaxFrame];
        }

        rest.CopyTo(_carried);
    }

    private void Frame(FrameType type, byte flags, ReadOnlySpan<byte> payload, int stream, long at, byte[] scratch)
    {
        switch (type)
        {
            case FrameType.Data:
                Data((flags & 0x8) == 0 ? payload : payload[1..^payload[0]], at, scratch);
                Consumed(payload.Length);
                break;
            case FrameType.Headers when (flags & 0x1) != 0:
                Failure ??= $"the server ended the stream: {Printable(payload)}";
                break;
            case FrameType.Reset or FrameType.GoAway:
                Failure ??= $"the server ended it with {type} {BinaryPrimitives.ReadInt32BigEndian(payload[^4..])}";
                break;
            case FrameType.Settings when (flags & 0x1) == 0:
                Settings(payload);
                Write(Wire.Frame(FrameType.Settings, 0x1, 0, []));
                break;
            case FrameType.Ping when (flags & 0x1) == 0:
                Write(Wire.Frame(FrameType.Ping, 0x1, 0, payload));
                break;
            case FrameType.WindowUpdate:
                var more = BinaryPrimitives.ReadInt32BigEndian(payload);
                (_connectionWindow, _streamWindow) = stream == 0 ? (_connectionWindow + more, _streamWindow) : (_connectionWindow, _streamWindow + more);
                SendWaiting();
                break;
        }
    }

    private void Settings(ReadOnlySpan<byte> payload)
    {
        for (; payload.Length >= 6; payload = payload[6..])
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(payload) == 4)
            {
                var window = BinaryPrimitives.ReadInt32BigEndian(payload[2..]);
                _streamWindow += window - _initialWindow;
                _initialWindow = window;
            }
        }

        SendWaiting();
    }

    private void Consumed(int bytes)
    {
        _consumed += bytes;
        if (_consumed >= UpdateEvery)
        {
            Write(Wire.WindowUpdate(0, _consumed));
            Write(Wire.WindowUpdate(1, _consumed));
            _consumed = 0;
        }
    }

    private void Data(ReadOnlySpan<byte> payload, long at, byte[] scratch)
    {
        while (!payload.IsEmpty)
        {
            if (_filled == 0 && payload.Length >= Wire.MessagePrefix && payload.Length - Wire.MessagePrefix >= MessageLength(payload))
            {
                var length = MessageLength(payload);
                Response(payload.Slice(Wire.MessagePrefix, length), at, scratch);
                payload = payload[(Wire.MessagePrefix + length)..];
                continue;
            }

            var whole = _filled < Wire.MessagePrefix ? Wire.MessagePrefix : Wire.MessagePrefix + MessageLength(_message);
            var taken = Math.Min(whole - _filled, payload.Length);
            if (_message.Length < whole)
            {
                var larger = ArrayPool<byte>.Shared.Rent(whole);
                _message.AsSpan(0, _filled).CopyTo(larger);
                Return();
                _message = larger;
            }

            payload[..taken].CopyTo(_message.AsSpan(_filled));
            _filled += taken;
            payload = payload[taken..];
            if (_filled >= Wire.MessagePrefix && _filled == Wire.MessagePrefix + MessageLength(_message))
            {
                Response(_message.AsSpan(Wire.MessagePrefix, _filled - Wire.MessagePrefix), at, scratch);
                Return();
                (_message, _filled) = ([], 0);
            }
        }
    }

    private void Return()
    {
        if (_message.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_message);
        }
    }

    private void Response(ReadOnlySpan<byte> message, long at, byte[] scratch)
    {
        ReadOnlySpan<byte> nonce = default;
        ReadOnlySpan<byte> version = default;
        var fields = new ProtoReader(message);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 1:
                    version = fields.Bytes;
                    break;
                case 2:
                    Resource(fields.Bytes, at);
                    break;
                case 5:
                    nonce = fields.Bytes;
                    break;
                case 6 when wanted.Delta:
                    Resources++;
                    break;
            }
        }

        Responses++;
        // A response before this one that waits for its acknowledgement gets it first.
        Acknowledge(scratch);
        (_nonce, _version) = (nonce.Length, version.Length);
        nonce.CopyTo(_answered);
        version.CopyTo(_answered.AsSpan(nonce.Length));
        _owes = true;
    }

    private void Resource(ReadOnlySpan<byte> resource, long at)
    {
        var assignment = Assignment.Read(resource, wanted.Delta);
        Resources++;
        if (Has is { } has)
        {
            has[Encoding.UTF8.GetString(assignment.Name)] = assignment.Version.ToArray();
        }

        arrivals.Arrived(number, assignment, at);
    }

    /// <summary>Sends bytes of messages, as much as the windows let through now.</summary>
    private void Send(ReadOnlySpan<byte> messages)
    {
        _waiting.AddRange(messages);
        SendWaiting();
    }

    private void SendWaiting()
    {
        while (_waiting.Count > 0 && Math.Min(_connectionWindow, _streamWindow) > 0)
        {
            var length = (int)Math.Min(Math.Min(_waiting.Count, Wire.MaxFrame), Math.Min(_connectionWindow, _streamWindow));
            Write(Wire.Frame(FrameType.Data, 0, 1, _waiting.Slice(0, length).ToArray()));
            _waiting.RemoveRange(0, length);
            (_connectionWindow, _streamWindow) = (_connectionWindow - length, _streamWindow - length);
        }
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        var sent = _unsent.Count > 0 ? 0 : Math.Max(0, Linux.Send(Socket, bytes));
        if (sent < bytes.Length)
        {
            _unsent.AddRange(bytes[sent..]);
        }
    }

    private static int MessageLength(ReadOnlySpan<byte> prefix) => BinaryPrimitives.ReadInt32BigEndian(prefix[1..]);

    /// <summary>Names and values of headers are written out by Kestrel: whoever looks for a reason can read them without decoding.</summary>
    private static string Printable(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (var one in bytes)
        {
            text.Append(one is >= 32 and < 127 ? (char)one : ' ');
        }

        return text.ToString().Trim();
    }
}
