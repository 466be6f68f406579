using Mesh.Contracts;
using Mesh.Contracts.Move;
using Mesh.Core;
using Mesh.Core.Operations;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Grains.Catalog;
using Mesh.Grains.Persistence;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace Mesh.Grains.Policies;

/// <summary>
/// One document. It compiles, asks the service to take the result, and stores it: one turn at a time, so that versions have no gaps.
/// </summary>
/// <remarks>
/// <para>The order of a put: catalog entry, binding at the service, document on disk, then the service that it bound to before is let
/// go. The binding comes before the document because only the service can say that another document has it already, and a document
/// that is stored and cannot be in force would be a lie. A crash at any point leaves one of these, each mended without anybody's help:
/// a catalog entry without a document (a list skips it); a service bound to a version that is not stored (its grain tells this one
/// when it wakes, <see cref="BindingSeen"/>, and this one binds what it has, or unbinds); a service not yet let go (it is in
/// <see cref="PolicyRow.Leaving"/>). In each case the caller was told nothing.</para>
/// <para>The order of a delete: document gone from disk with the service noted as leaving, service unbound, catalog.</para>
/// <para>Rejected: a record of intent written first, and rolled forward. It costs each put a second write, and what it gains is to
/// complete what nobody was promised.</para>
/// </remarks>
public sealed partial class PolicyGrain : Grain, IPolicyGrain, IPolicySourceGrain, IPolicyMoveGrain
{
    private readonly Durable<PolicyRow> _row;
    private readonly TimeProvider _time;
    private readonly ILogger<PolicyGrain> _log;
    private IGrainTimer? _fading;

    /// <summary>Made by the runtime.</summary>
    public PolicyGrain(
        [PersistentState("policy", MeshLimits.StorageName)] IPersistentState<PolicyRow> storage, TimeProvider time, ILogger<PolicyGrain> log)
    {
        _row = new Durable<PolicyRow>(storage, DeactivateOnIdle);
        _time = time;
        _log = log;
    }

    private PolicyKey Key => field ??= PolicyKey.Parse(this.GetPrimaryKeyString());

    private PolicyDocument? Document => _row.Value.Document;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Reassert();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The document can still be read; the service tells us to look again when it wakes.
            _log.LogWarning(e, "Policy {Policy} could not confirm its binding; it tries again when its service wakes", Key);
        }
    }

    /// <inheritdoc/>
    public async Task<PolicyDocument?> Get() => (await _row.Refresh()).Document;

    /// <inheritdoc/>
    public async Task<Outcome<PolicyDocument>> Put(string json, long? ifMatch, bool dryRun, string? operation)
    {
        var command = dryRun ? null : Command.Of(operation, "put", json);
        if (await Recall(command, operation, json) is { } answered)
        {
            return answered;
        }

        var compiled = PolicyCompilation.Compile(Key, json);
        if (!compiled.Ok)
        {
            return Outcome.Refused<PolicyDocument>(compiled.Problems);
        }

        await LetGo();
        if (Precondition(ifMatch) is { } stale)
        {
            return stale;
        }

        if (Document is { } same && same.Json == json && same.BoundTo == compiled.Value.Host)
        {
            return Outcome.Of(same);
        }

        var next = new PolicyDocument(Key, _row.Value.LastVersion + 1, json, compiled.Value.Host, _time.GetUtcNow()) { Changed = true, Created = Document is null };
        return dryRun ? await Rehearse(next) : await Store(next, compiled.Value.AtVersion(next.Version), command);
    }

    /// <inheritdoc/>
    public async Task<Outcome<PolicyDocument>> Delete(long? ifMatch, string? operation)
    {
        var command = Command.Of(operation, "delete");
        if (await Recall(command, operation, null) is { } answered)
        {
            await DropFromCatalogIfGone();
            return answered;
        }

        await LetGo();
        if (Document is not { } document)
        {
            await DropFromCatalogIfGone();
            return Outcome.Refused<PolicyDocument>(
                ProblemKind.NotFound, "", Key.ToString(), "There is no such document.", "List the policies to see which there are.");
        }

        if (Precondition(ifMatch) is { } stale)
        {
            return stale;
        }

        await _row.Change(row => row.Remove(command, _time.GetUtcNow()));
        FadeLater();
        await LetGo();
        await DropFromCatalogIfGone();
        return Outcome.Of(document with { Changed = true });
    }

    /// <inheritdoc/>
    public async Task BindingSeen(ServiceId service, long version)
    {
        if (Document is { } document && document.BoundTo == service)
        {
            if (document.Version != version)
            {
                await Bind(document, _row.Value.Part);
            }
        }
        else
        {
            await Service(service).UnbindPolicy(Key);
        }
    }

    /// <summary>
    /// The answer to a repeat; null when it is to be done. What the first did after it was on disk, and may not have come to, is done now.
    /// </summary>
    private async Task<Outcome<PolicyDocument>?> Recall(Command? command, string? operation, string? json)
    {
        if (Command.Check(operation, "operation") is { } problem)
        {
            return Outcome.Refused<PolicyDocument>([problem]);
        }

        var row = await _row.Refresh();
        var answered = row.Operations.Recall(command, done =>
        {
            var document = done.Answer ?? row.Document!;
            return document with { Json = json ?? document.Json, Changed = true, Created = done.Created };
        });
        if (answered is { Ok: true })
        {
            await LetGo();
        }

        return answered;
    }

    /// <summary>What a delete removed is forgotten when nobody repeats it any more, though nothing else happens to the document.</summary>
    private void FadeLater() => _fading ??= this.RegisterGrainTimer(
        async _ =>
        {
            await _row.Change(row => row.Fade(_time.GetUtcNow()));
            if (_row.Value.Operations is null)
            {
                _fading?.Dispose();
                _fading = null;
            }
        },
        new GrainTimerCreationOptions(OperationLog.Age, OperationLog.Age) { KeepAlive = true });

    private ICatalogGrain Catalog => GrainFactory.CatalogOf(Key.ToString());

    private IServiceGrain Service(ServiceId service) => GrainFactory.GetGrain<IServiceGrain>(service.ToString());

    private async Task<Outcome<PolicyDocument>> Store(PolicyDocument next, PolicyPart part, Command? command)
    {
        await Catalog.AddPolicy(Key);
        try
        {
            var bound = await Bind(next, part);
            if (!bound.Ok)
            {
                await DropFromCatalogIfGone();
                return Outcome.Refused<PolicyDocument>(bound.Problems);
            }

            await _row.Change(row => row.Store(next, part, command, _time.GetUtcNow()));
        }
        catch
        {
            await Mend(next);
            throw;
        }

        await LetGo();
        return Outcome.Of(next);
    }

    private Task<Outcome<SnapshotVersion>> Bind(PolicyDocument document, PolicyPart part) => part.Routing is { } routing
        ? Service(document.BoundTo).BindRouting(Key, document.Version, routing)
        : Service(document.BoundTo).BindPolicy(Key, document.Version, part.Traffic!);

    /// <summary>
    /// Whether it was bound or stored is unknown. The service gets what turns out to be on disk; if that cannot be done now either, it is
    /// done when the service looks again.
    /// </summary>
    private async Task Mend(PolicyDocument attempted)
    {
        try
        {
            await _row.Refresh();
            await BindingSeen(attempted.BoundTo, attempted.Version);
            await DropFromCatalogIfGone();
        }
        catch (Exception e)
        {
            GrainMetrics.Faulted("policy");
            _log.LogWarning(e, "Policy {Policy} could not be put right after a failed change; its service asks again before long", Key);
        }
    }

    private Task DropFromCatalogIfGone() => Document is null ? Catalog.RemovePolicy(Key) : Task.CompletedTask;

    private async Task Reassert()
    {
        if (Document is { } document)
        {
            await Bind(document, _row.Value.Part);
        }

        await LetGo();
    }

    /// <summary>Unbinds from services that an earlier version bound to; a repeat does no harm.</summary>
    private async Task LetGo()
    {
        var row = await _row.Refresh();
        foreach (var service in row.Leaving)
        {
            await Service(service).UnbindPolicy(Key);
        }

        await _row.Change(current => current.LetGo().Fade(_time.GetUtcNow()));
    }

    private async Task<Outcome<PolicyDocument>> Rehearse(PolicyDocument next)
    {
        var target = GrainFactory.GetGrain<IPolicyTargetGrain>(next.BoundTo.ToString());
        return await target.BoundPolicy(Key.Kind) is { } other && other != Key
            ? Outcome.Refused<PolicyDocument>(PolicyConflict.Of(next.BoundTo, other))
            : Outcome.Of(next);
    }

    private Outcome<PolicyDocument>? Precondition(long? ifMatch)
    {
        var current = Document?.Version ?? 0;
        return ifMatch is null || ifMatch == current
            ? null
            : Outcome.Refused<PolicyDocument>(
                ProblemKind.PreconditionFailed, "ifMatch", $"{ifMatch}",
                current == 0 ? "There is no such document." : $"The document's version is {current}.",
                "Read the document again, apply the change to what you find, and send its version.");
    }
}
