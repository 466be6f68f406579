using System.Text.Json;
using System.Text.Json.Nodes;
using Mesh.Api;

namespace Mesh.Cli.Moving;

/// <summary>Holds an export to its trailer: a file that was cut, or that somebody edited, is noticed before anything is sent.</summary>
internal sealed class ExportCheck(string source) : IDisposable
{
    private readonly ExportDigest _digest = new();
    private readonly Dictionary<string, long> _counts = [];
    private bool _ended;

    /// <summary>Lines so far.</summary>
    public long Lines { get; private set; }

    /// <summary>How many there are of a type.</summary>
    public long Count(string type) => _counts.GetValueOrDefault(type);

    /// <summary>Takes the next line; answers with its type.</summary>
    public string Take(ReadOnlyMemory<byte> line)
    {
        Lines++;
        var type = TypeOf(line);
        if (_ended)
        {
            throw Wrong("there is a line after the trailer");
        }

        if (Lines == 1 != (type == ExportFormat.Header))
        {
            throw Wrong(Lines == 1 ? "it is not an export" : "there is a second header");
        }

        switch (type)
        {
            case ExportFormat.Header:
                CheckFormat(line);
                break;
            case ExportFormat.Trailer:
                CheckTrailer(line);
                break;
            default:
                _digest.Add(line.Span);
                _counts[type] = Count(type) + 1;
                break;
        }

        return type;
    }

    /// <summary>No more lines: was it whole?</summary>
    public void End()
    {
        if (!_ended)
        {
            throw new Failure(ExitCodes.Refused, $"{source} is cut: it ends after line {Lines} without a trailer.", "Export again.");
        }
    }

    /// <summary>Checks a whole file.</summary>
    public static async Task<ExportCheck> OfFileAsync(string path, CancellationToken cancel)
    {
        var check = new ExportCheck(path);
        await using var file = ExportLines.Open(path);
        await foreach (var line in ExportLines.ReadAsync(file, path, cancel))
        {
            check.Take(line);
        }

        check.End();
        return check;
    }

    public void Dispose() => _digest.Dispose();

    private string TypeOf(ReadOnlyMemory<byte> line)
    {
        var reader = new Utf8JsonReader(line.Span);
        try
        {
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject && reader.Read() && reader.ValueTextEquals(ExportFormat.TypeProperty) && reader.Read()
                && reader.TokenType == JsonTokenType.String && reader.GetString() is { Length: > 0 } type
                ? type
                : throw Wrong(Lines == 1 ? "it is not an export" : "the line does not say of which type it is");
        }
        catch (JsonException)
        {
            throw Wrong(Lines == 1 ? "it is not an export" : "the line is not JSON; perhaps it was cut");
        }
    }

    private void CheckFormat(ReadOnlyMemory<byte> line)
    {
        if (Node(line)["format"] is not JsonValue format || !format.TryGetValue(out int number) || number > ExportFormat.Version)
        {
            throw new Failure(
                ExitCodes.Refused, $"{source}: the export's format is newer than this meshctl knows (it knows {ExportFormat.Version}).", "Use a meshctl of the version that wrote it.");
        }
    }

    private void CheckTrailer(ReadOnlyMemory<byte> line)
    {
        var trailer = Node(line);
        foreach (var (type, field) in ((string, string)[])
            [(ExportFormat.Policy, "policies"), (ExportFormat.Service, "services"), (ExportFormat.Entry, "entries"), (ExportFormat.Endpoint, "endpoints")])
        {
            if (trailer[field] is not JsonValue value || !value.TryGetValue(out long number) || number != Count(type))
            {
                throw Wrong($"the trailer says {field} = {trailer[field]?.ToJsonString() ?? "nothing"}, and there are {Count(type)}");
            }
        }

        if (trailer["sha256"] is not JsonValue sum || !sum.TryGetValue(out string? hash) || hash != _digest.Current())
        {
            throw Wrong("the checksum is not that of the lines: some were changed");
        }

        _ended = true;
    }

    private JsonObject Node(ReadOnlyMemory<byte> line)
    {
        try
        {
            return JsonNode.Parse(line.Span) as JsonObject ?? throw Wrong("the line is not an object");
        }
        catch (JsonException)
        {
            throw Wrong("the line is not JSON; perhaps it was cut");
        }
    }

    private Failure Wrong(string what) => new(ExitCodes.Refused, $"{source}, line {Lines}: {what}.", "Export again.");
}
