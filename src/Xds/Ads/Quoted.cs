namespace Mesh.Xds.Ads;

/// <summary>
/// Whether a client's complaint names a resource. Most do ("Error adding/updating cluster(s) default/echo: ..."), and then nobody has to guess. A name counts only
/// where it stands by itself: <c>default/echo</c> is not meant by <c>default/echo-canary</c>.
/// </summary>
internal static class Quoted
{
    // Who complains of thousands of resources says it in the beginning; looking for n names in m characters costs n times m.
    private const int MostRead = 4096;

    public static bool In(string complaint, string name)
    {
        var text = complaint.AsSpan(0, Math.Min(complaint.Length, MostRead));
        if (name.Length == 0)
        {
            return false;
        }

        for (var from = 0; ;)
        {
            var at = text[from..].IndexOf(name, StringComparison.Ordinal);
            if (at < 0)
            {
                return false;
            }

            var (start, end) = (from + at, from + at + name.Length);
            if ((start == 0 || !Continues(text[start - 1])) && EndsAt(text[end..]))
            {
                return true;
            }

            from = start + 1;
        }
    }

    // A dot or a colon goes on with the name (a host, a port) if more of it follows, and is punctuation otherwise.
    private static bool EndsAt(ReadOnlySpan<char> rest) => rest switch
    {
        [] => true,
        ['.' or ':', var next, ..] => !char.IsAsciiLetterOrDigit(next),
        ['.' or ':'] => true,
        [var next, ..] => !Continues(next),
    };

    private static bool Continues(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '/' or '.';
}
