using System.Buffers.Binary;
using System.Text;

namespace Mesh.Bench.Push.Client;

/// <summary>Bytes of HTTP/2 and of gRPC's framing, as far as one call on a connection of its own needs them (RFC 9113, RFC 7541).</summary>
internal static class Wire
{
    public const int FrameHeader = 9;
    public const int MessagePrefix = 5;
    public const int MaxFrame = 16384;

    /// <summary>SETTINGS_INITIAL_WINDOW_SIZE.</summary>
    public const ushort InitialWindowSetting = 4;

    /// <summary>What the other side may send before it has to wait: as much as there can be.</summary>
    public const int Window = int.MaxValue;

    /// <summary>The start of a connection: who we are, no table for headers, all the room for what comes, and the call.</summary>
    public static byte[] Opening(string path, string authority)
    {
        var bytes = new List<byte>();
        bytes.AddRange("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        bytes.AddRange(Frame(FrameType.Settings, 0, 0, [.. Setting(1, 0), .. Setting(2, 0), .. Setting(InitialWindowSetting, Window)]));
        bytes.AddRange(WindowUpdate(0, Window - 65535));
        List<byte> headers = [0x83, 0x86];
        Literal(headers, [0x04], path);
        Literal(headers, [0x01], authority);
        Literal(headers, [0x0f, 0x10], "application/grpc");
        headers.Add(0);
        Literal(headers, [2, (byte)'t', (byte)'e'], "trailers");
        bytes.AddRange(Frame(FrameType.Headers, 0x4, 1, [.. headers]));
        return [.. bytes];
    }

    public static byte[] Frame(FrameType type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[FrameHeader + payload.Length];
        WriteHeader(frame, type, flags, stream, payload.Length);
        payload.CopyTo(frame.AsSpan(FrameHeader));
        return frame;
    }

    public static byte[] WindowUpdate(int stream, int more)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, more);
        return Frame(FrameType.WindowUpdate, 0, stream, payload);
    }

    public static void WriteHeader(Span<byte> into, FrameType type, byte flags, int stream, int length)
    {
        (into[0], into[1], into[2]) = ((byte)(length >> 16), (byte)(length >> 8), (byte)length);
        (into[3], into[4]) = ((byte)type, flags);
        BinaryPrimitives.WriteInt32BigEndian(into[5..], stream);
    }

    /// <summary>The length of a frame's payload.</summary>
    public static int PayloadLength(ReadOnlySpan<byte> header) => header[0] << 16 | header[1] << 8 | header[2];

    private static byte[] Setting(ushort id, int value)
    {
        var setting = new byte[6];
        BinaryPrimitives.WriteUInt16BigEndian(setting, id);
        BinaryPrimitives.WriteInt32BigEndian(setting.AsSpan(2), value);
        return setting;
    }

    private static void Literal(List<byte> into, ReadOnlySpan<byte> name, string value)
    {
        into.AddRange(name);
        into.Add(checked((byte)(value.Length < 127 ? value.Length : throw new ArgumentException($"'{value}' is too long for a header here."))));
        into.AddRange(Encoding.ASCII.GetBytes(value));
    }
}

/// <summary>Kinds of frames.</summary>
internal enum FrameType : byte
{
    Data = 0,
    Headers = 1,
    Reset = 3,
    Settings = 4,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
    Continuation = 9,
}
