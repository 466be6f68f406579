using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Mesh.Xds.Resources;

/// <summary>
/// Versions that are made of the content alone, as 16 hexadecimal digits: they change if and only if the content does, and are the same at every gateway and
/// after every restart, so that a client which comes back is sent only what differs.
/// </summary>
/// <remarks>
/// Rejected: the version of the service's snapshot, which says more to people, but is a new one after each restart, so that everybody would be sent
/// everything again; and a counter, which is also different at each gateway.
/// </remarks>
public static class ContentHash
{
    private const ulong Offset = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    /// <summary>
    /// The version of one resource: the first 64 bits of its bytes' SHA-256. Two contents with one version would leave a client with the older one, and those that
    /// follow each other are nearly alike, so it has to be a hash that is good at telling those apart. It is made once for each content.
    /// </summary>
    public static string Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        return Text(BinaryPrimitives.ReadUInt64BigEndian(hash));
    }

    /// <summary>The version of a set: FNV-1a, 64 bits, over its members' names and versions, in this order. It may be made for each response.</summary>
    public static string Of(IEnumerable<(string Name, string Version)> members)
    {
        var hash = Offset;
        foreach (var (name, version) in members)
        {
            hash = Add(Add(hash, name), version);
        }

        return Text(hash);
    }

    private static string Text(ulong hash) => hash.ToString("x16", CultureInfo.InvariantCulture);

    private static ulong Add(ulong hash, string text)
    {
        foreach (var c in text)
        {
            hash = (hash ^ c) * Prime;
        }

        // So that ("ab", "c") differs from ("a", "bc"). No name holds U+FFFF.
        return (hash ^ 0xFFFF) * Prime;
    }
}
