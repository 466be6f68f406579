using System.Buffers;
using Envoy.Config.Core.V3;
using Envoy.Service.Discovery.V3;
using Google.Protobuf;
using Mesh.Xds.Ads;

namespace Mesh.Xds.Encoding;

/// <summary>
/// Reads DiscoveryRequests. Most of them are acknowledgements that repeat a long list of names; those are recognised by their bytes
/// (<see cref="NameLists"/>) and cost no more than a comparison. Whatever is unusual, such as fields in pieces or fields of a later version, is left to protobuf's own
/// parser, so that this understands exactly what that understands.
/// </summary>
internal static class RequestReader
{
    private const int NodeTag = (2 << 3) | 2;
    private const int NameTag = (3 << 3) | 2;

    private static readonly NameLists Names = new();

    private static readonly (byte[] Bytes, string Url)[] Urls =
        [.. ResourceTypes.InOrder.Select(static type => (System.Text.Encoding.UTF8.GetBytes(type.Url()), type.Url()))];

    private delegate T? Scanner<T>(ReadOnlySpan<byte> message)
        where T : class;

    /// <summary>Reads a request of state of the world.</summary>
    /// <exception cref="InvalidProtocolBufferException">It is none.</exception>
    public static StateOfTheWorldRequest Read(ReadOnlySequence<byte> message) =>
        Read(message, Scan) ?? StateOfTheWorldRequest.Of(DiscoveryRequest.Parser.ParseFrom(message));

    /// <summary>Reads a request of delta.</summary>
    /// <exception cref="InvalidProtocolBufferException">It is none.</exception>
    public static DeltaRequest ReadDelta(ReadOnlySequence<byte> message) =>
        Read(message, ScanDelta) ?? DeltaRequest.Of(DeltaDiscoveryRequest.Parser.ParseFrom(message));

    private static T? Read<T>(in ReadOnlySequence<byte> message, Scanner<T> scan)
        where T : class
    {
        if (message.IsSingleSegment)
        {
            return scan(message.FirstSpan);
        }

        var length = (int)message.Length;
        var copy = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            message.CopyTo(copy);
            return scan(copy.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    /// <summary>Reads an acknowledgement of delta, which has a type and a nonce and nothing else; null for any other request.</summary>
    private static DeltaRequest? ScanDelta(ReadOnlySpan<byte> message)
    {
        string? url = "";
        string? nonce = "";
        var seen = 0;
        while (!message.IsEmpty)
        {
            var tag = message[0];
            message = message[1..];
            if (tag is not ((2 << 3) | 2 or (6 << 3) | 2) || !First(ref seen, tag) || !WireScanner.TryReadLength(ref message, out var length))
            {
                return null;
            }

            var value = message[..length];
            message = message[length..];
            if (tag == ((2 << 3) | 2))
            {
                url = Url(value);
            }
            else
            {
                nonce = WireScanner.Text(value);
            }
        }

        return url is null || nonce is null ? null : new() { TypeUrl = url, ResponseNonce = nonce };
    }

    /// <summary>Reads a request whose fields are all known, of one occurrence each and with the names in one piece; null for any other.</summary>
    private static StateOfTheWorldRequest? Scan(ReadOnlySpan<byte> message)
    {
        Node? node = null;
        string? url = "";
        string? nonce = "";
        string[] names = [];
        var seen = 0;
        var rest = message;
        while (!rest.IsEmpty)
        {
            var tag = rest[0];
            if (tag == NameTag)
            {
                var list = rest[..NamesLength(rest)];
                if (!First(ref seen, tag) || list.IsEmpty || Names.Of(list) is not { } known)
                {
                    return null;
                }

                names = known;
                rest = rest[list.Length..];
                continue;
            }

            rest = rest[1..];
            if (!First(ref seen, tag) || !WireScanner.TryReadLength(ref rest, out var length))
            {
                return null;
            }

            var value = rest[..length];
            rest = rest[length..];
            switch (tag)
            {
                case (1 << 3) | 2:
                    // The version that it names: which response it answers says more.
                    break;
                case NodeTag:
                    node = Node.Parser.ParseFrom(value);
                    break;
                case (4 << 3) | 2:
                    url = Url(value);
                    break;
                case (5 << 3) | 2:
                    nonce = WireScanner.Text(value);
                    break;
                default:
                    // An error, which is rare, or what is not known here.
                    return null;
            }
        }

        return url is null || nonce is null ? null : new() { Node = node, TypeUrl = url, ResponseNonce = nonce, ResourceNames = names };
    }

    private static bool First(ref int seen, byte tag)
    {
        var bit = 1 << (tag >> 3);
        var first = (seen & bit) == 0 && tag < 64;
        seen |= bit;
        return first;
    }

    /// <summary>How many bytes the names take that follow each other from here on; 0 when they end badly.</summary>
    private static int NamesLength(ReadOnlySpan<byte> from)
    {
        var rest = from;
        while (!rest.IsEmpty && rest[0] == NameTag)
        {
            rest = rest[1..];
            if (!WireScanner.TryReadLength(ref rest, out var length))
            {
                return 0;
            }

            rest = rest[length..];
        }

        return from.Length - rest.Length;
    }

    private static string? Url(ReadOnlySpan<byte> value)
    {
        foreach (var (bytes, url) in Urls)
        {
            if (value.SequenceEqual(bytes))
            {
                return url;
            }
        }

        return WireScanner.Text(value);
    }
}
