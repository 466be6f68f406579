using System.Globalization;

namespace Mesh.Xds.Encoding;

/// <summary>
/// Where nonces come from: one counter for the process. A nonce must be unique on its stream and no more, and numbers that only grow are unique on
/// any stream that sends them in order. So one response, nonce and all, can serve all streams. Rejected: a counter for each stream, which makes every response
/// different from every other by those few digits.
/// </summary>
internal static class Nonces
{
    private static long _last;

    /// <summary>A nonce newer than all before it.</summary>
    public static long Next() => Interlocked.Increment(ref _last);

    /// <summary>As it goes over the wire.</summary>
    public static string ToText(long nonce) => nonce.ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads what <see cref="ToText"/> wrote; anything else is 0, which is no nonce.</summary>
    public static long Parse(string text) =>
        text.Length > 0 && text[0] != '0' && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var nonce) ? nonce : 0;
}
