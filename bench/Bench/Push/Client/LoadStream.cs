using System.Buffers.Binary;
using System.Runtime.InteropServices;
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
    private readonly Outbox _out = new();
    private readonly Inbox _in = new();
    private readonly byte[] _answered = new byte[256];
    private byte[] _carried = [];
    private int _carriedCount;
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
    public bool WantsToWrite => _out.WantsToWrite;

    /// <summary>What it has, by name; kept only when asked for.</summary>
    public Dictionary<string, byte[]>? Has { get; set; }

    public void Open(int socket, byte[] opening, byte[] first)
    {
        (Socket, Resources, Responses, Failure) = (socket, 0, 0, null);
        (_carriedCount, _consumed, _owes) = (0, 0, false);
        _in.Open();
        _out.Open(socket);
        _out.Write(opening);
        _out.SendInPlace([.. new byte[Wire.FrameHeader + Wire.MessagePrefix], .. first]);
    }

    public void Close()
    {
        if (Socket >= 0)
        {
            Linux.Reset(Socket);
            Socket = -1;
        }
    }

    /// <summary>Writes what the socket did not take before.</summary>
    public void Flush() => _out.Flush();

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
            if (received == 0 || Marshal.GetLastPInvokeError() != Linux.Again)
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
        _in.Rest();
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
        const int Room = Wire.FrameHeader + Wire.MessagePrefix;
        var length = wanted.Acknowledge(scratch.AsSpan(Room), _answered.AsSpan(0, _nonce), _answered.AsSpan(_nonce, _version));
        _out.SendInPlace(scratch.AsSpan(0, Room + length));
    }

    private void Carry(ReadOnlySpan<byte> rest)
    {
        _carriedCount = rest.Length;
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
                var rest = (flags & 0x8) == 0 ? payload : payload[1..^payload[0]];
                while (_in.Next(ref rest, out var message))
                {
                    Response(message, at, scratch);
                }

                Consumed(payload.Length);
                break;
            case FrameType.Headers when (flags & 0x1) != 0:
                Failure ??= $"the server ended the stream: {Printable(payload)}";
                break;
            case FrameType.Reset:
                Failure ??= $"the server reset the stream, code {BinaryPrimitives.ReadInt32BigEndian(payload)}";
                break;
            case FrameType.GoAway:
                Failure ??= $"the server ended the connection, code {BinaryPrimitives.ReadInt32BigEndian(payload[4..])} {Printable(payload[8..])}";
                break;
            case FrameType.Settings when (flags & 0x1) == 0:
                Settings(payload);
                _out.Write(Wire.Frame(FrameType.Settings, 0x1, 0, []));
                break;
            case FrameType.Ping when (flags & 0x1) == 0:
                _out.Write(Wire.Frame(FrameType.Ping, 0x1, 0, payload));
                break;
            case FrameType.WindowUpdate:
                _out.Widen(stream, BinaryPrimitives.ReadInt32BigEndian(payload));
                break;
        }
    }

    private void Settings(ReadOnlySpan<byte> payload)
    {
        for (; payload.Length >= 6; payload = payload[6..])
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(payload) == Wire.InitialWindowSetting)
            {
                _out.Begin(BinaryPrimitives.ReadInt32BigEndian(payload[2..]));
            }
        }
    }

    private void Consumed(int bytes)
    {
        _consumed += bytes;
        if (_consumed >= UpdateEvery)
        {
            _out.Write(Wire.WindowUpdate(0, _consumed));
            _out.Write(Wire.WindowUpdate(1, _consumed));
            _consumed = 0;
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
