using System.Text.Json;
using Mesh.Api;
using Mesh.Contracts;
using Mesh.Core;

namespace Mesh.Gateway.Rest.Move;

/// <summary>
/// Reads an export line by line and holds it to what an export is: a header first, everything in its order and once, a trailer that agrees. Nothing is acted on here.
/// </summary>
internal sealed class MoveFile : IDisposable
{
    private readonly ExportDigest _digest = new();
    private string _policy = "";
    private ServiceId? _service;
    private long _entry;
    private long _last;
    private string _endpoint = "";
    private long _policies, _services, _entries, _endpoints;
    private bool _begun, _unread;

    /// <summary>Lines taken so far.</summary>
    public long Lines { get; private set; }

    /// <summary>The trailer has come, and agrees.</summary>
    public bool Ended { get; private set; }

    /// <summary>Takes the next line, without its line feed: what it says, or why it cannot be taken.</summary>
    public Outcome<MoveLine> Take(ReadOnlyMemory<byte> utf8)
    {
        Lines++;
        if (Ended)
        {
            return Refused("type", null, "There is a line after the trailer.", "Send one export at a time.");
        }

        if (utf8.Span.TrimEnd(" \r\t"u8).IsEmpty)
        {
            _unread = true;
            return Refused("", null, "The line is empty.", OfAnExport);
        }

        var read = MoveLineReader.Read(utf8);
        if (!read.Ok)
        {
            _unread = true;
            return read;
        }

        if (read.Value is not (HeaderLine or TrailerLine))
        {
            _digest.Add(utf8.Span);
        }

        if (MoveLineReader.Empty(read.Value) is { } lacking)
        {
            _unread = true;
            return Outcome.Refused<MoveLine>([lacking]);
        }

        return Check(read.Value) is { } problem ? Outcome.Refused<MoveLine>([problem]) : read;
    }

    /// <summary>Notes that a line was too long to be read.</summary>
    public Outcome<MoveLine> TakeTooLong(int limit)
    {
        Lines++;
        _unread = true;
        return Outcome.Refused<MoveLine>(
            ProblemKind.LimitExceeded, "", null, $"The line is longer than {limit} bytes, which is the limit ImportLineBytes.", OfAnExport);
    }

    public void Dispose() => _digest.Dispose();

    private const string OfAnExport = "Send a file as meshctl export wrote it.";

    private Problem? Check(MoveLine line)
    {
        if (!_begun)
        {
            _begun = true;
            return line is not HeaderLine header ? Wrong("type", null, "The first line is not an export's header.", OfAnExport)
                : header.Format > ExportFormat.Version ? Wrong(
                    "format", $"{header.Format}", $"The export is of format {header.Format} (written by {header.Product}); this control plane reads up to {ExportFormat.Version}.",
                    "Import it into a control plane of that version or a later one.")
                : header.Format < 1 ? Wrong("format", $"{header.Format}", "There is no such format.", OfAnExport)
                : null;
        }

        return line switch
        {
            PolicyLine policy => Check(policy),
            ServiceLine service => Check(service),
            EntryLine entry => Check(entry),
            EndpointLine endpoint => Check(endpoint),
            TrailerLine trailer => Check(trailer),
            _ => Wrong("type", null, "There is a second header.", "Import one export at a time."),
        };
    }

    private Problem? Check(PolicyLine line)
    {
        _policies++;
        var name = line.Label();
        var after = _policy;
        _policy = name;
        return _services > 0 ? Wrong("type", name, "A document comes after a service.", "Documents come first: send the lines in the order in which they were written.")
            : string.CompareOrdinal(name, after) <= 0 ? OutOfOrder("name", name, after)
            : null;
    }

    private Problem? Check(ServiceLine line)
    {
        _services++;
        var after = _service;
        (_service, _entry, _endpoint, _last) = (line.Service, 0, "", line.LastEntry);
        return after is { } before && line.Service <= before ? OutOfOrder("service", line.Label(), before.ToString())
            : line.LastEntry < 0 ? Wrong("lastEntry", $"{line.LastEntry}", "Entries count from 1.", OfAnExport)
            : null;
    }

    private Problem? Check(EntryLine line)
    {
        _entries++;
        var after = _entry;
        _entry = line.Entry.Number;
        return line.Service != _service ? Elsewhere(line.Service)
            : _endpoint.Length > 0 ? Wrong("type", line.Label(), "An entry comes after an endpoint.", "A service's ledger comes before its endpoints: send the lines in the order in which they were written.")
            : line.Entry.Number <= after ? OutOfOrder("entry.number", $"{line.Entry.Number}", $"{after}")
            : line.Entry.Number > _last ? Wrong("entry.number", $"{line.Entry.Number}", $"The service's line says that its last number is {_last}.", OfAnExport)
            : null;
    }

    private Problem? Check(EndpointLine line)
    {
        _endpoints++;
        var after = _endpoint;
        _endpoint = line.Endpoint.Spec.Id;
        return line.Service != _service ? Elsewhere(line.Service)
            : string.CompareOrdinal(_endpoint, after) <= 0 ? OutOfOrder("endpoint.spec.id", _endpoint, after)
            : null;
    }

    private Problem? Check(TrailerLine line)
    {
        var counted = (_policies, _services, _entries, _endpoints);
        if (_unread)
        {
            // Lines that could not be read have been told of; whether any are missing nobody can say.
            Ended = true;
            return null;
        }

        var problem = counted != (line.Policies, line.Services, line.Entries, line.Endpoints)
            ? Wrong(
                "trailer", $"{line.Policies} policies, {line.Services} services, {line.Entries} entries, {line.Endpoints} endpoints",
                $"There were {_policies} policies, {_services} services, {_entries} entries and {_endpoints} endpoints: lines are missing or too many.", "Export again.")
            : !string.Equals(line.Sha256, _digest.Current(), StringComparison.OrdinalIgnoreCase)
                ? Wrong("sha256", line.Sha256, "The checksum is not that of the lines: some were changed.", "Export again, and do not edit the file.")
                : null;
        Ended = problem is null;
        return problem;
    }

    private static Problem Elsewhere(ServiceId service) =>
        Wrong("service", service.ToString(), "The line does not belong to the service that it stands under.", "Send the lines in the order in which they were written.");

    private static Problem OutOfOrder(string field, string value, string after) => Wrong(
        field, value, value == after ? $"'{value}' is there twice." : $"'{value}' comes after '{after}'.", "Send the lines in the order in which they were written, each once.");

    private static Problem Wrong(string field, string? value, string detail, string remedy) => new(ProblemKind.Invalid, field, value, detail, remedy);

    private static Outcome<MoveLine> Refused(string field, string? value, string detail, string remedy) => Outcome.Refused<MoveLine>([Wrong(field, value, detail, remedy)]);
}
