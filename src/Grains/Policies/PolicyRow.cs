using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Core.Routing;

namespace Mesh.Grains.Policies;

/// <summary>What a policy's grain keeps on disk.</summary>
public sealed record PolicyRow
{
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

    internal PolicyPart Part => new(Compiled, Routing);

    internal PolicyRow Store(PolicyDocument document, PolicyPart part) => new()
    {
        Document = document with { Changed = false },
        Compiled = part.Traffic,
        Routing = part.Routing,
        LastVersion = document.Version,
        Leaving = LeavingBut(document.BoundTo),
    };

    internal PolicyRow Remove() => new() { LastVersion = LastVersion, Leaving = LeavingBut(null) };

    internal PolicyRow LetGo() => Leaving.IsEmpty ? this : this with { Leaving = [] };

    private ImmutableArray<ServiceId> LeavingBut(ServiceId? kept)
    {
        IEnumerable<ServiceId> all = Document is null ? Leaving : [.. Leaving, Document.BoundTo];
        return [.. all.Where(service => service != kept).Distinct()];
    }
}
