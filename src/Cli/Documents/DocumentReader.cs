using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Mesh.Cli.Documents;

/// <summary>One document of a file: what it is called, and its text as it was written.</summary>
/// <param name="Source">Where it stands, as in <c>mesh.yaml:12</c>.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Namespace">Its metadata.namespace; null when it names none.</param>
/// <param name="Name">Its metadata.name.</param>
/// <param name="Text">Its text, for the server to judge.</param>
/// <param name="IsJson">Whether that is JSON rather than YAML.</param>
internal sealed record PolicyText(string Source, string Kind, string? Namespace, string Name, string Text, bool IsJson);

/// <summary>
/// Cuts a file into its documents. Only the names are read here, to know where to send each; judging a document is the server's
/// business, and it gets the text as written, so that there is one set of rules and one set of messages.
/// </summary>
internal static class DocumentReader
{
    /// <exception cref="Failure">The file is not YAML or JSON, or a document does not say what it is.</exception>
    public static IReadOnlyList<PolicyText> Read(string source, string text)
    {
        var trimmed = text.AsSpan().TrimStart();
        if (trimmed.Length == 0 || trimmed[0] is not ('{' or '['))
        {
            return ReadYaml(source, text);
        }

        JsonException malformed;
        try
        {
            return ReadJson(source, JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { MaxDepth = 64 }));
        }
        catch (JsonException notJson)
        {
            malformed = notJson;
        }

        try
        {
            // YAML's own short form may begin with a brace too.
            return ReadYaml(source, text);
        }
        catch (Failure)
        {
            throw new Failure(
                ExitCodes.Refused, $"{source}:{malformed.LineNumber + 1}: this is not JSON (column {malformed.BytePositionInLine + 1}).",
                "Correct the file; nothing was sent.");
        }
    }

    private static List<PolicyText> ReadJson(string source, JsonNode? root)
    {
        var documents = root is JsonArray many ? many.ToList() : [root];
        return documents.Select((document, i) =>
        {
            var where = documents.Count > 1 ? $"{source}[{i}]" : source;
            if (document is not JsonObject fields)
            {
                throw new Failure(ExitCodes.Refused, $"{where}: a policy is an object.", "Write {\"kind\": …, \"metadata\": {\"name\": …}, \"spec\": …}.");
            }

            var metadata = fields["metadata"] as JsonObject;
            return Named(where, TextOf(fields["kind"]), TextOf(metadata?["namespace"]), TextOf(metadata?["name"]), document.ToJsonString(), isJson: true);
        }).ToList();
    }

    private static string? TextOf(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static List<PolicyText> ReadYaml(string source, string text)
    {
        var found = new List<PolicyText>();
        try
        {
            var parser = new Parser(new StringReader(text));
            var start = 0L;
            var line = 1L;
            YamlNames? names = null;
            while (parser.MoveNext())
            {
                switch (parser.Current)
                {
                    case DocumentStart begin:
                        Finish(names, start, begin.Start.Index);
                        (start, line, names) = (begin.Start.Index, begin.Start.Line, new YamlNames());
                        break;
                    case StreamEnd:
                        Finish(names, start, text.Length);
                        break;
                    default:
                        names?.See(parser.Current!);
                        break;
                }
            }

            void Finish(YamlNames? document, long from, long to)
            {
                if (document is { Empty: false })
                {
                    found.Add(Named($"{source}:{line}", document.Kind, document.Namespace, document.Name, text[(int)from..(int)to], isJson: false));
                }
            }
        }
        catch (YamlException malformed)
        {
            throw new Failure(
                ExitCodes.Refused, $"{source}:{malformed.Start.Line}: this is not YAML (column {malformed.Start.Column}): {malformed.Message}",
                "Correct the file; nothing was sent.");
        }

        return found;
    }

    private static PolicyText Named(string source, string? kind, string? ns, string? name, string text, bool isJson)
    {
        var missing = string.IsNullOrWhiteSpace(kind) ? "kind" : string.IsNullOrWhiteSpace(name) ? "metadata.name" : null;
        return missing is null
            ? new PolicyText(source, kind!, string.IsNullOrWhiteSpace(ns) ? null : ns, name!, text, isJson)
            : throw new Failure(ExitCodes.Refused, $"{source}: the document has no {missing}.", $"Give it one; nothing was sent. A {Kinds} needs kind, metadata.name and spec.");
    }

    private const string Kinds = Commands.Kinds.Default;
}
