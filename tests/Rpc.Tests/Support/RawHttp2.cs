using System.Buffers.Binary;
using System.Text;

namespace Mesh.Rpc.Tests.Support;

/// <summary>Frames of HTTP/2 by hand, for a client that disappears between two of them.</summary>
public static class RawHttp2
{
    private const byte Data = 0, HeadersFrame = 1, Settings = 4;
    private const byte EndHeaders = 4, EndStream = 1;

    /// <summary>Preface, settings, the headers of a call, and its whole request on stream 1.</summary>
    public static byte[] OpenCall(string path, byte[] request) =>
    [
        .. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8,
        .. Frame(Settings, 0, 0, []),
        .. Frame(HeadersFrame, EndHeaders, 1,
        [
            .. Header(":method", "POST"), .. Header(":scheme", "http"), .. Header(":path", path), .. Header(":authority", "localhost"),
            .. Header("content-type", "application/grpc"), .. Header("te", "trailers"),
        ]),
        .. Frame(Data, EndStream, 1, request),
    ];

    private static byte[] Frame(byte type, byte flags, uint stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        frame[0] = (byte)(payload.Length >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(1), (ushort)payload.Length);
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        return frame;
    }

    /// <summary>HPACK, literal without indexing, no Huffman; names and values under 127 bytes.</summary>
    private static byte[] Header(string name, string value) =>
        [0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), (byte)value.Length, .. Encoding.ASCII.GetBytes(value)];
}
