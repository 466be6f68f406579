using System.Globalization;

namespace Mesh.Xds.Resources;

/// <summary>
/// The version of a set: a hash (FNV-1a, 64 bits) over its members' names and versions, so that it changes if and only if a member does, and is the
/// same at every gateway and after every restart. A counter would be neither.
/// </summary>
public static class ContentHash
{
    private const ulong Offset = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    /// <summary>The version of these members, in this order, as 16 hexadecimal digits.</summary>
    public static string Of(IEnumerable<(string Name, string Version)> members)
    {
        var hash = Offset;
        foreach (var (name, version) in members)
        {
            hash = Add(Add(hash, name), version);
        }

        return hash.ToString("x16", CultureInfo.InvariantCulture);
    }

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
