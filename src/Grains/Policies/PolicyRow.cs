using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Formats;
using Mesh.Core.Operations;
using Mesh.Core.Policies;
using Mesh.Core.Routing;

namespace Mesh.Grains.Policies;

/// <summary>What a policy's grain keeps on disk.</summary>
public sealed record PolicyRow : IRow<PolicyRow>
{
    /// <inheritdoc/>
    public static int Newest => 2;

    /// <inheritdoc/>
    public int Format { get; init; } = 1;

    /// <summary>Fields of a newer program: carried along, and written back.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; init; }

    /// <inheritdoc/>
    public PolicyRow InNewest() => Format == Newest ? this : this with { Format = Newest };

    /// <summary>The document in force; null when there is none, or none any more.</summary>
    public PolicyDocument? Document { get; init; }

    /// <summary>What the document compiled to when it was accepted, so that a later, stricter compiler cannot take it out of force.</summary>
    public TrafficPolicy? Compiled { get; init; }

    /// <summary>The same for a document that says where requests go; one of the two is there, by the document's kind.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ServiceRouting? Routing { get; init; }

    /// <summary>The last version given out. It outlives the document, so that an ETag never means two things.</summary>
    public long LastVersion { get; init; }

    /// <summary>Services that may still be bound to an earlier version, and are to be let go.</summary>
    public ImmutableArray<ServiceId> Leaving { get; init; } = [];

    /// <summary>The commands done lately; null when there are none. What a put answered is <see cref="Document"/>, unless it says otherwise.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public OperationLog<PolicyDocument>? Operations { get; init; }

    internal PolicyPart Part => new(Compiled, Routing);

    internal PolicyRow Store(PolicyDocument document, PolicyPart part, Command? command, DateTimeOffset now) => this with
    {
        Document = document with { Changed = false, Created = false },
        Compiled = part.Traffic,
        Routing = part.Routing,
        LastVersion = document.Version,
        Leaving = LeavingBut(document.BoundTo),
        Operations = Remember(command.Done<PolicyDocument>(now, document.Created), now),
    };

    internal PolicyRow Remove(Command? command, DateTimeOffset now) => this with
    {
        Document = null,
        Compiled = null,
        Routing = null,
        Leaving = LeavingBut(null),
        Operations = Remember(command.Done(now, answer: Document), now),
    };

    /// <summary>Without the commands that are long past.</summary>
    internal PolicyRow Fade(DateTimeOffset now) => Operations.IsOld(now) ? this with { Operations = Remember(null, now) } : this;

    internal PolicyRow LetGo() => Leaving.IsEmpty ? this : this with { Leaving = [] };

    /// <summary>
    /// What a put stored, its caller sends along when it repeats it: only what a delete removed is kept with its text. Of these no more than one
    /// document may be long.
    /// </summary>
    private OperationLog<PolicyDocument>? Remember(Operation<PolicyDocument>? done, DateTimeOffset now)
    {
        var log = Operations.After(Document is null || done is null ? null : Document with { Json = "" }, done, now);
        var characters = 0;
        return log?.Recent.Reverse().TakeWhile(one => (characters += one.Answer?.Json.Length ?? 0) <= MeshLimits.PolicyCharacters).Reverse().ToImmutableArray()
            is { IsEmpty: false } kept ? new() { Recent = kept } : null;
    }

    private ImmutableArray<ServiceId> LeavingBut(ServiceId? kept)
    {
        IEnumerable<ServiceId> all = Document is null ? Leaving : [.. Leaving, Document.BoundTo];
        return [.. all.Where(service => service != kept).Distinct()];
    }
}
