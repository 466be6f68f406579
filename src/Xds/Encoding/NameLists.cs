using System.Buffers.Binary;
using System.Collections.Concurrent;

namespace Mesh.Xds.Encoding;

/// <summary>
/// Lists of resource names, each kept once. In state of the world every acknowledgement repeats all that the client wants, word for word, and thousands of
/// clients want the same: so a list is looked up by its bytes, and made of them only when it is new. Who gets the same list again need not read it.
/// <para>
/// What is kept is bounded; when the bound is reached all is dropped and begins anew, which costs those who come next one reading each.
/// </para>
/// </summary>
/// <param name="mostBytes">Encoded bytes of the lists that are kept, in all.</param>
public sealed class NameLists(int mostBytes = 16 * 1024 * 1024)
{
    // One name is as quickly read as looked up, and of very long lists there will not be many.
    private const int Shortest = 64;
    private const int Longest = 1024 * 1024;

    private readonly ConcurrentDictionary<int, (byte[] Encoded, string[] Names)> _known = new();
    private long _bytes;

    /// <summary>The list that these entries of a repeated string field spell.</summary>
    /// <param name="encoded">Entries one after the other, each a tag of one byte, a length and the text.</param>
    /// <returns>The names; null when this is not a list of such entries.</returns>
    public string[]? Of(ReadOnlySpan<byte> encoded)
    {
        if (encoded.Length is < Shortest or > Longest)
        {
            return Read(encoded);
        }

        var key = Key(encoded);
        if (_known.TryGetValue(key, out var known) && encoded.SequenceEqual(known.Encoded))
        {
            return known.Names;
        }

        if (Read(encoded) is not { } names)
        {
            return null;
        }

        if (Interlocked.Add(ref _bytes, encoded.Length) > mostBytes)
        {
            _known.Clear();
            Interlocked.Exchange(ref _bytes, encoded.Length);
        }

        _known[key] = (encoded.ToArray(), names);
        return names;
    }

    /// <summary>
    /// A sample of the list, as comparing tells for certain. Two lists with one key push each other out, which costs a reading each time and nothing else.
    /// </summary>
    private static int Key(ReadOnlySpan<byte> encoded)
    {
        var hash = new HashCode();
        hash.Add(encoded.Length);
        var step = Math.Max(sizeof(long), encoded.Length / 32);
        for (var at = 0; at <= encoded.Length - sizeof(long); at += step)
        {
            hash.Add(BinaryPrimitives.ReadInt64LittleEndian(encoded[at..]));
        }

        return hash.ToHashCode();
    }

    private static string[]? Read(ReadOnlySpan<byte> encoded)
    {
        List<string> names = [];
        while (!encoded.IsEmpty)
        {
            encoded = encoded[1..];
            if (!WireScanner.TryReadLength(ref encoded, out var length) || WireScanner.Text(encoded[..length]) is not { } name)
            {
                return null;
            }

            names.Add(name);
            encoded = encoded[length..];
        }

        return [.. names];
    }
}
