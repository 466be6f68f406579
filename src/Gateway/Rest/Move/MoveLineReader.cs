using System.Text.Json;
using Mesh.Api;
using Mesh.Contracts;
using Mesh.Core;

namespace Mesh.Gateway.Rest.Move;

/// <summary>Reads one line; what is wrong with it is said with its field and its value, never with the reader's own words.</summary>
internal static class MoveLineReader
{
    private const string OfAnExport = "Send a file as meshctl export wrote it.";

    public static Outcome<MoveLine> Read(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            return JsonSerializer.Deserialize<MoveLine>(utf8.Span, MoveJson.Lines) is { } line ? Outcome.Of(line) : NotALine(null);
        }
        catch (Exception wrong) when (wrong is JsonException or NotSupportedException or ArgumentException or InvalidOperationException or FormatException)
        {
            return Explain(utf8, (wrong as JsonException)?.Path);
        }
    }

    /// <summary>What the shapes alone do not say: that names are names, and that what must be there is.</summary>
    public static Problem? Empty(MoveLine line) => line switch
    {
        PolicyLine policy => Empty(policy),
        EntryLine { Entry: null } => Missing("entry"),
        EntryLine { Entry: var entry } when !Names.IsEndpointId(entry.EndpointId) => Wrong("entry.endpointId", entry.EndpointId, "This cannot be an endpoint's id."),
        EntryLine { Entry: var entry } when !Enum.IsDefined(entry.Kind) => Wrong("entry.kind", $"{entry.Kind}", "There is no such kind of entry."),
        EntryLine { Entry.Evidence: { } evidence } when evidence.Sources.IsDefault || evidence.Sources.Any(static source => source?.Proxy is null) =>
            Missing("entry.evidence.sources"),
        EndpointLine { Endpoint: null } => Missing("endpoint"),
        EndpointLine { Endpoint.Spec.Locality: { Region: null } or { Zone: null } or { SubZone: null } } => Missing("endpoint.spec.locality"),
        EndpointLine { Endpoint.Spec.Labels: var labels } when labels.Any(static label => label.Value is null) => Missing("endpoint.spec.labels"),
        TrailerLine { Sha256: null } => Missing("sha256"),
        _ => null,
    };

    private static Problem? Empty(PolicyLine line) =>
        line.Kind is not { Length: > 0 and <= 63 } || !line.Kind.All(char.IsAsciiLetterOrDigit) ? Wrong("kind", line.Kind, "This cannot be a kind of document.")
        : !Names.IsLabel(line.Namespace) ? Wrong("namespace", line.Namespace, "This cannot be a namespace's name.")
        : !Names.IsSubdomain(line.Name) ? Wrong("name", line.Name, "This cannot be a name.")
        : line.Version < 1 ? Wrong("version", $"{line.Version}", "Versions count from 1.")
        : line.Document.ValueKind is not (JsonValueKind.Object or JsonValueKind.String) ? Missing("document")
        : null;

    private static Outcome<MoveLine> Explain(ReadOnlyMemory<byte> utf8, string? path)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return NotALine(Short(document.RootElement.GetRawText()));
            }

            var type = document.RootElement.TryGetProperty(ExportFormat.TypeProperty, out var named) && named.ValueKind == JsonValueKind.String ? named.GetString() : null;
            if (type is not (ExportFormat.Header or ExportFormat.Policy or ExportFormat.Service or ExportFormat.Entry or ExportFormat.Endpoint or ExportFormat.Trailer))
            {
                return Outcome.Refused<MoveLine>(
                    ProblemKind.Invalid, ExportFormat.TypeProperty, Short(type), "There is no such type of line.", "A later version may have written it: import it into one.");
            }

            var field = path is null ? "" : path.TrimStart('$').TrimStart('.');
            var value = Find(document.RootElement, field);
            return Outcome.Refused<MoveLine>(
                ProblemKind.Invalid, field, Short(value),
                value is null ? "A field is missing, is there twice, or is not known here." : "This cannot stand here, or is not known here.",
                $"{OfAnExport} A later version may have written it: import it into one.");
        }
        catch (JsonException)
        {
            return NotALine(null);
        }
    }

    private static Outcome<MoveLine> NotALine(string? value) =>
        Outcome.Refused<MoveLine>(ProblemKind.Invalid, "", value, "The line is not one JSON object; perhaps it was cut.", OfAnExport);

    /// <summary>The value at a path such as <c>endpoint.spec.port</c>; null when it leads nowhere.</summary>
    private static string? Find(JsonElement element, string path)
    {
        foreach (var part in path.Split(['.', '[', ']'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (element.ValueKind == JsonValueKind.Array && int.TryParse(part, out var index) && index < element.GetArrayLength())
            {
                element = element[index];
            }
            else if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(part, out element))
            {
                return null;
            }
        }

        return element.GetRawText();
    }

    private static string? Short(string? text) => text is { Length: > 200 } ? text[..200] : text;

    private static Problem Missing(string field) => new(ProblemKind.Invalid, field, null, "It is missing.", OfAnExport);

    private static Problem Wrong(string field, string? value, string detail) => new(ProblemKind.Invalid, field, Short(value), detail, OfAnExport);
}
