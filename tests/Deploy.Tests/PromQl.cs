using System.Text.RegularExpressions;

namespace Mesh.Deploy.Tests;

/// <summary>Finds the names of metrics in an expression: what is left when texts, labels, durations, functions and keywords are taken away.</summary>
internal static partial class PromQl
{
    private static readonly HashSet<string> Keywords =
        ["by", "without", "on", "ignoring", "group_left", "group_right", "offset", "bool", "and", "or", "unless", "le", "inf", "nan"];

    public static IReadOnlyList<string> Metrics(string expression)
    {
        var text = Grouping().Replace(Selector().Replace(Quoted().Replace(expression, "\"\""), " "), " ");
        text = Range().Replace(Variable().Replace(text, "1m"), " ");
        return
        [
            .. Identifier().Matches(text)
                .Where(name => !Keywords.Contains(name.Value) && !text[(name.Index + name.Length)..].TrimStart().StartsWith('('))
                .Select(static name => name.Value).Distinct(),
        ];
    }

    [GeneratedRegex("""(["'])(?:\\.|(?!\1).)*\1""")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Selector();

    [GeneratedRegex(@"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"\[[^\]]*\]|\b\d+(\.\d+)?(ms|[smhdwy])\b")]
    private static partial Regex Range();

    [GeneratedRegex(@"\$\w+")]
    private static partial Regex Variable();

    [GeneratedRegex(@"(?<![\w:.])[a-zA-Z_:][\w:]*")]
    private static partial Regex Identifier();
}
