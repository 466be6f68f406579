using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Policies;

namespace Mesh.Grains.Policies;

/// <summary>What a policy's grain keeps on disk.</summary>
public sealed record PolicyRow
{
    /// <summary>The document in force; null when there is none, or none any more.</summary>
    public PolicyDocument? Document { get; init; }

    /// <summary>What the document compiled to when it was accepted, so that a later, stricter compiler cannot take it out of force.</summary>
    public TrafficPolicy? Compiled { get; init; }

    /// <summary>The last version given out. It outlives the document, so that an ETag never means two things.</summary>
    public long LastVersion { get; init; }

    /// <summary>Services that may still be bound to an earlier version, and are to be let go.</summary>
    public ImmutableArray<ServiceId> Leaving { get; init; } = [];

    internal PolicyRow Store(PolicyDocument document, TrafficPolicy compiled) => new()
    {
        Document = document with { Changed = false },
        Compiled = compiled,
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
