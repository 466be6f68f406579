using System.Text.Json;
using Mesh.Core;

namespace Mesh.Gateway.Rest.Documents;

/// <summary>Parses JSON strictly: no comments, no trailing commas, no duplicate names, a bounded depth.</summary>
internal static class JsonBody
{
    public static Outcome<JsonElement?> Parse(ReadOnlyMemory<byte> utf8, RestLimits limits)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = limits.DocumentDepth, AllowDuplicateProperties = false });
            Check(document.RootElement);
            return Outcome.Of<JsonElement?>(document.RootElement.Clone());
        }
        catch (InvalidOperationException)
        {
            return Outcome.Refused<JsonElement?>(
                ProblemKind.Invalid, "body", null, "A text in the body has half a character (a lone surrogate, such as \\ud800).", "Write the whole pair, or leave it out.");
        }
        catch (JsonException error)
        {
            var tooDeep = Depth(utf8.Span) > limits.DocumentDepth;
            return Outcome.Refused<JsonElement?>(
                ProblemKind.Invalid,
                "body",
                Place(error),
                tooDeep ? $"The body is nested deeper than {limits.DocumentDepth} levels." : $"The body is not valid JSON{In(error)}.",
                tooDeep ? "Nest it less deeply." : "Check the brackets, quotes and commas there, and that no name appears twice in one object.");
        }
    }

    /// <summary>Reads each text once: the parser looks at escapes only then, and nobody further on expects it to fail.</summary>
    private static void Check(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    _ = property.Name;
                    Check(property.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    Check(item);
                }

                break;
            case JsonValueKind.String:
                _ = element.GetString();
                break;
        }
    }

    private static string In(JsonException error) => Place(error) is { } place ? $" at {place}" : "";

    private static string? Place(JsonException error) => error switch
    {
        { LineNumber: { } line, BytePositionInLine: { } position } => $"line {line + 1}, column {position + 1}",
        { Path: { Length: > 0 } path } => path,
        _ => null,
    };

    /// <summary>A coarse look, only to tell one message from another: brackets inside strings count as well.</summary>
    private static int Depth(ReadOnlySpan<byte> utf8)
    {
        var (depth, deepest) = (0, 0);
        foreach (var b in utf8)
        {
            depth += b is (byte)'{' or (byte)'[' ? 1 : b is (byte)'}' or (byte)']' ? -1 : 0;
            deepest = Math.Max(deepest, depth);
        }

        return deepest;
    }
}
