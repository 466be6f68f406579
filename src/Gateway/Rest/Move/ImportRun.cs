using System.Collections.Immutable;
using System.Text.Json;
using Mesh.Api;
using Mesh.Contracts;
using Mesh.Contracts.Move;
using Mesh.Core;
using Mesh.Core.Policies;
using Orleans;
using Orleans.Runtime;

namespace Mesh.Gateway.Rest.Move;

/// <summary>
/// Carries an import out, line by line. Documents come first and are held until all of them have compiled, so that one that does not stops the import before anything is
/// written; then each service's ledger before its endpoints, so that an ejection that moves is not entered a second time; its weights last, for they need the policy and
/// the endpoints.
/// <para>
/// It may be cut short at any line and run again: what is here already is left alone. Rejected: holding the whole file until its checksum is known. It would need as much
/// memory or disk as the mesh is large, where <c>dryRun</c> reads the file to its end and writes nothing.
/// </para>
/// </summary>
internal sealed class ImportRun(IGrainFactory grains, RestLimits limits, OnConflict onConflict, bool dryRun) : IDisposable
{
    private readonly ImportTally _tally = new(limits);
    private readonly MoveFile _file = new();
    private readonly ImportWork _work = new();
    private readonly List<(long Line, PolicyLine Policy, ServiceId Host, string Json)> _policies = [];
    private readonly Dictionary<(string Kind, ServiceId Host), string> _bound = [];
    private long _policyCharacters;
    private bool _policiesWritten;
    private ServiceImport? _service;

    /// <summary>Nothing more is to be read: something was refused that stops it.</summary>
    public bool Over => (!dryRun && _tally.Refused) || (_file.Lines == 1 && _tally.Refused);

    public Task TakeTooLong()
    {
        Refuse(_file.TakeTooLong(limits.ImportLineBytes));
        return Task.CompletedTask;
    }

    /// <summary>Takes the next line. It waits while too much is under way.</summary>
    public async Task Take(ReadOnlyMemory<byte> utf8)
    {
        var read = _file.Take(utf8);
        if (!read.Ok)
        {
            Refuse(read);
            return;
        }

        switch (read.Value)
        {
            case PolicyLine policy:
                Hold(policy);
                break;
            case ServiceLine service:
                await Begin(service);
                break;
            case EntryLine entry:
                _service?.Entries.Add((_file.Lines, entry.Entry));
                break;
            case EndpointLine endpoint:
                await Add(endpoint);
                break;
            case TrailerLine:
                await WritePolicies();
                await EndService();
                break;
        }
    }

    /// <summary>Waits for all that is under way, and says what became of everything.</summary>
    public async Task<ImportView> End()
    {
        if (!_file.Ended && !Over)
        {
            if (dryRun)
            {
                await WritePolicies();
                await EndService();
            }

            _tally.Refuse(_file.Lines + 1, [new(
                ProblemKind.Invalid, ExportFormat.Trailer, null, $"The file ends after line {_file.Lines} without a trailer: it was cut.", "Send the whole file; what was written is left alone then.")]);
        }

        await _work.Finish();
        return _tally.View(_file.Ended, dryRun);
    }

    public void Dispose()
    {
        _file.Dispose();
        _work.Dispose();
    }

    private void Refuse(Outcome<MoveLine> read) => _tally.Refuse(_file.Lines, read.Problems);

    private void Hold(PolicyLine line)
    {
        var json = line.Document.ValueKind == JsonValueKind.String ? line.Document.GetString()! : line.Document.GetRawText();
        _policyCharacters += json.Length;
        var (host, problems) = Compile(line, json);
        if (problems.IsEmpty)
        {
            _policies.Add((_file.Lines, line with { Document = default }, host, json));
        }
        else
        {
            _tally.Note(_file.Lines, ExportFormat.Policy, line.Label(), Moved.Refused(problems));
        }
    }

    private (ServiceId Host, ImmutableArray<Problem> Problems) Compile(PolicyLine line, string json)
    {
        if (_policyCharacters > limits.ImportPolicyCharacters)
        {
            return (default, [new(
                ProblemKind.LimitExceeded, "document", null, $"The documents have more than {limits.ImportPolicyCharacters} characters, which is the limit ImportPolicyCharacters.",
                "Apply some of them by themselves, with meshctl apply.")]);
        }

        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = limits.DocumentDepth, AllowDuplicateProperties = false });
        }
        catch (JsonException)
        {
            return (default, [new(ProblemKind.Invalid, "document", null, "The document is not valid JSON.", "Send the file as it was exported.")]);
        }

        if (PolicyKinds.Compile(line.Kind, json) is not { } compiled)
        {
            return (default, [new(ProblemKind.Invalid, "kind", line.Kind, "There are no policies of this kind.", $"The kinds there are are {string.Join(" and ", PolicyKinds.All)}.")]);
        }

        if (!compiled.Ok)
        {
            return (default, compiled.Problems);
        }

        var host = compiled.Value.Host;
        return _bound.TryAdd((line.Kind, host), line.Label()) ? (host, []) : (host, [new(
            ProblemKind.Conflict, "document", host.ToString(), $"{_bound[(line.Kind, host)]} binds to {host} already.", "Leave one of the two out.")]);
    }

    private async Task WritePolicies()
    {
        if (_policiesWritten || (!dryRun && _tally.Refused))
        {
            return;
        }

        _policiesWritten = true;
        foreach (var (line, policy, host, json) in _policies)
        {
            var key = new PolicyKey(policy.Kind, policy.Namespace, policy.Name);
            var document = new PolicyDocument(key, policy.Version, json, host, policy.UpdatedAt);
            await _work.Begin(async () => _tally.Note(
                line, ExportFormat.Policy, policy.Label(),
                await Repeated(() => grains.GetGrain<IPolicyMoveGrain>(key.ToString()).Adopt(document, onConflict, dryRun))));
        }

        // All are in force before the first endpoint lives by one of them.
        await _work.Finish();
        _policies.Clear();
    }

    private async Task Begin(ServiceLine line)
    {
        await WritePolicies();
        await EndService();
        if (!Over)
        {
            _service = new ServiceImport(grains, line.Service, _file.Lines, line, _tally, onConflict, dryRun);
        }
    }

    private async Task Add(EndpointLine line)
    {
        if (_service is not null && _service.Add(_file.Lines, line.Endpoint))
        {
            await _service.Send(_work);
        }
    }

    private async Task EndService()
    {
        if (_service is { } service)
        {
            _service = null;
            await service.Send(_work);
            await service.SendWeights(_work);
        }
    }

    /// <summary>A time-out leaves open whether it was done. To do it again does no harm.</summary>
    internal static async Task<T> Repeated<T>(Func<Task<T>> call)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (Exception lost) when (attempt < 3 && lost is TimeoutException or OrleansException)
            {
            }
        }
    }
}
