using System.Text.Json;

namespace Mesh.Core.Policies.Documents;

/// <summary>
/// What must hold for the whole of a document before anybody looks at a field: that it is JSON, no deeper than anything sensible, made of
/// valid text, and without two fields of one name (of which parsers take the first or the last as they please).
/// </summary>
internal static class Inspection
{
    /// <summary>Istio's deepest documents have about a dozen levels.</summary>
    public const int MostLevels = 32;

    private static readonly string TooDeep = $"The document is nested deeper than {MostLevels} levels.";

    /// <summary>Parses a text; null, and a problem, when it is not JSON.</summary>
    public static JsonElement? Parse(string json, ProblemList problems)
    {
        // Before the parser sees it: it takes a time that grows with the square of the depth, and calls what is too deep malformed.
        if (Levels(json) > MostLevels)
        {
            problems.Add("", null, TooDeep, "Flatten it; no field needs that.");
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.Clone();
        }
        catch (JsonException at)
        {
            problems.Add(
                "", null, $"This is not JSON: line {at.LineNumber + 1}, byte {at.BytePositionInLine + 1}.", "Send one JSON or YAML document.");
        }
        catch (ArgumentException)
        {
            problems.Add("", null, "This is not valid Unicode text.", "Send UTF-8.");
        }

        return null;
    }

    public static void Check(Node node, ProblemList problems) => Check(node, 1, problems);

    private static void Check(Node node, int level, ProblemList problems)
    {
        if (level > MostLevels)
        {
            problems.Add(node.Path, null, TooDeep, "Flatten it; no field needs that.");
        }
        else if (node.Element.ValueKind == JsonValueKind.Object)
        {
            CheckFields(node, level, problems);
        }
        else if (node.Element.ValueKind == JsonValueKind.Array)
        {
            var index = 0;
            foreach (var item in node.Element.EnumerateArray())
            {
                Check(node.Item(index++, item), level + 1, problems);
            }
        }
        else if (node.Element.ValueKind == JsonValueKind.String && !IsText(node.Element.GetString))
        {
            problems.Add(node.Path, null, "The text holds half of a surrogate pair.", "Write valid Unicode.");
        }
    }

    private static void CheckFields(Node node, int level, ProblemList problems)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in node.Element.EnumerateObject())
        {
            if (!IsText(() => property.Name))
            {
                problems.Add(node.Path, null, "The name of a field holds half of a surrogate pair.", "Write valid Unicode.");
                continue;
            }

            var field = node.Field(property.Name, property.Value);
            if (!names.Add(property.Name))
            {
                problems.Add(field.Path, null, "The field is there twice.", "Keep one of the two.");
            }

            Check(field, level + 1, problems);
        }
    }

    /// <summary>How deep brackets are nested outside of texts.</summary>
    private static int Levels(string json)
    {
        var (level, deepest, inText) = (0, 0, false);
        for (var i = 0; i < json.Length; i++)
        {
            var c = json[i];
            if (c == '"')
            {
                inText = !inText;
            }
            else if (inText)
            {
                i += c == '\\' ? 1 : 0;
            }
            else
            {
                level += c is '[' or '{' ? 1 : c is ']' or '}' ? -1 : 0;
                deepest = Math.Max(deepest, level);
            }
        }

        return deepest;
    }

    /// <summary>An escape like \ud800 alone is valid JSON and no valid text; the reader says so only when asked for the text.</summary>
    private static bool IsText(Func<string?> read)
    {
        try
        {
            read();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
