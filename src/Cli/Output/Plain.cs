using System.Text;

namespace Mesh.Cli.Output;

/// <summary>
/// Makes text safe to show. Reasons, labels and node names come from whoever registered or connected; a terminal would obey the
/// control characters in them.
/// </summary>
internal static class Plain
{
    public static string Text(string text)
    {
        if (!text.Any(char.IsControl))
        {
            return text;
        }

        var safe = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            safe.Append(c is '\n' or '\t' or '\r' ? ' ' : char.IsControl(c) ? '\uFFFD' : c);
        }

        return safe.ToString();
    }
}
