using System.Buffers;
using System.Text;
using System.Text.Json;
using Mesh.Core;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Mesh.Gateway.Rest.Documents;

/// <summary>
/// YAML to JSON, event by event. Nothing is built that the JSON does not hold, so what a document can cost is bounded by its own length:
/// aliases, which let a few lines stand for gigabytes, are refused, and so are depth and number of values beyond a limit.
/// The alternative, a deserializer into dictionaries, expands first and looks afterwards.
/// </summary>
internal static class YamlBody
{
    /// <summary>The one document in the text, as JSON in UTF-8.</summary>
    public static Outcome<byte[]> ToJson(ReadOnlyMemory<byte> utf8, RestLimits limits)
    {
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(utf8.Span);
        }
        catch (DecoderFallbackException)
        {
            return Refused(null, "The document is not UTF-8.", "Save it as UTF-8.");
        }

        var json = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(json, new JsonWriterOptions { SkipValidation = true, MaxDepth = 0 });
        try
        {
            if (new Conversion(new Parser(new StringReader(text)), writer, limits).Run() is { } refusal)
            {
                return refusal;
            }
        }
        catch (YamlException error)
        {
            return Refused(
                error.End, $"The document is not valid YAML at {Place(error.End)}.",
                "Check the indentation, colons and quotes on that line and the one before it.");
        }

        writer.Flush();
        return Outcome.Of(json.WrittenSpan.ToArray());
    }

    private static string Place(Mark mark) => $"line {mark.Line}, column {mark.Column}";

    private static Outcome<byte[]> Refused(Mark? at, string detail, string remedy) =>
        Outcome.Refused<byte[]>(ProblemKind.Invalid, "body", at is { } mark ? Place(mark) : null, detail, remedy);

    private sealed class Conversion(Parser parser, Utf8JsonWriter writer, RestLimits limits)
    {
        // For each open collection: the names seen in a mapping; null for a list.
        private readonly Stack<HashSet<string>?> _open = new();
        private bool _nameIsNext;
        private int _values;

        public Outcome<byte[]>? Run()
        {
            var documents = 0;
            while (Next())
            {
                var current = parser.Current!;
                var refusal = current switch
                {
                    DocumentStart when ++documents > 1 => Refused(
                        current.Start, $"A second document begins at {Place(current.Start)}.", "Send one document at a time."),
                    AnchorAlias alias => Refused(
                        alias.Start, $"There is an alias (*{alias.Value}) at {Place(alias.Start)}.", "Aliases are not taken; write the value out."),
                    NodeEvent node => Node(node),
                    MappingEnd => Close(writer.WriteEndObject),
                    SequenceEnd => Close(writer.WriteEndArray),
                    _ => null,
                };
                if (refusal is not null)
                {
                    return refusal;
                }
            }

            return _values == 0 ? Refused(null, "The document is empty.", "Send one document, as YAML or JSON.") : null;
        }

        /// <summary>On some broken input the parser fails by its own assertions instead of saying what is wrong.</summary>
        private bool Next()
        {
            try
            {
                return parser.MoveNext();
            }
            catch (Exception broken) when (broken is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
            {
                var near = parser.Current?.End ?? Mark.Empty;
                throw new YamlException(near, near, "The parser failed.", broken);
            }
        }

        private Outcome<byte[]>? Node(NodeEvent node)
        {
            if (++_values > limits.DocumentValues)
            {
                return Refused(node.Start, $"The document has more than {limits.DocumentValues} values.", "Send a smaller one.");
            }

            if (!node.Tag.IsEmpty && !node.Tag.IsNonSpecific && !CoreSchema.Tags.Contains(node.Tag.Value))
            {
                return Refused(node.Start, $"There is a tag ({node.Tag.Value}) at {Place(node.Start)}.", "Leave it out.");
            }

            if (_nameIsNext)
            {
                return node is Scalar name ? Name(name) : Refused(
                    node.Start, $"The name at {Place(node.Start)} is not plain text.", "Only text can be a name in a mapping; check for '{{' or '[' that need quotes.");
            }

            if (node is Scalar scalar)
            {
                return Value(scalar);
            }

            if (_open.Count >= limits.DocumentDepth)
            {
                return Refused(node.Start, $"The document is nested deeper than {limits.DocumentDepth} levels at {Place(node.Start)}.", "Nest it less deeply.");
            }

            var mapping = node is MappingStart;
            _open.Push(mapping ? new HashSet<string>(StringComparer.Ordinal) : null);
            _nameIsNext = mapping;
            (mapping ? (Action)writer.WriteStartObject : writer.WriteStartArray)();
            return null;
        }

        private Outcome<byte[]>? Name(Scalar name)
        {
            if (!_open.Peek()!.Add(name.Value))
            {
                return Refused(name.Start, $"'{Short(name.Value)}' appears for the second time at {Place(name.Start)}.", "Keep one of the two.");
            }

            writer.WritePropertyName(name.Value);
            _nameIsNext = false;
            return null;
        }

        private Outcome<byte[]>? Value(Scalar scalar)
        {
            // "!!str 5" and quoted scalars are text; a plain one means what it looks like.
            if (scalar.Style != ScalarStyle.Plain || (!scalar.Tag.IsEmpty && scalar.Tag.Value.EndsWith(":str", StringComparison.Ordinal)))
            {
                writer.WriteStringValue(scalar.Value);
            }
            else if (!CoreSchema.TryWrite(writer, scalar.Value))
            {
                return Refused(scalar.Start, $"'{Short(scalar.Value)}' at {Place(scalar.Start)} is not a number that can be used.", "Write a finite number, or quote it.");
            }

            Valued();
            return null;
        }

        private Outcome<byte[]>? Close(Action end)
        {
            end();
            _open.Pop();
            Valued();
            return null;
        }

        private void Valued() => _nameIsNext = _open.TryPeek(out var names) && names is not null;

        private static string Short(string text) => text.Length > 60 ? string.Concat(text.AsSpan(0, 60), "…") : text;
    }
}
