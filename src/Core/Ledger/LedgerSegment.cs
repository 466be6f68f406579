using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mesh.Core.Formats;

namespace Mesh.Core.Ledger;

/// <summary>A row's worth of entries: what one append rewrites, and what makes room as a whole when its ring comes round.</summary>
public sealed record LedgerSegment : IRow<LedgerSegment>
{
    /// <inheritdoc/>
    public static int Newest => 2;

    /// <inheritdoc/>
    public int Format { get; init; } = 1;

    /// <summary>Fields of a newer program: carried along, and written back.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; init; }

    /// <inheritdoc/>
    public LedgerSegment InNewest() => Format == Newest ? this : this with { Format = Newest };

    /// <summary>Entries of a full segment.</summary>
    public const int Size = 64;

    /// <summary>Nothing yet.</summary>
    public static LedgerSegment Empty { get; } = new();

    /// <summary>Which segment of its ring this is, counted from 1 for ever; 0 when there is none. Its place in the ring follows from it.</summary>
    public long Ordinal { get; init; }

    /// <summary>The greatest number that had been given, by either ring, when this was written.</summary>
    public long Last { get; init; }

    /// <summary>Who took the ledger over last with this as a row to be written next; null when nobody has since it was begun.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Claim { get; init; }

    /// <summary>At most <see cref="Size"/>, by number.</summary>
    public ImmutableArray<LedgerEntry> Entries { get; init; } = [];
}

/// <summary>One row to be written.</summary>
/// <param name="Ring">Which ring.</param>
/// <param name="Slot">Which row of it.</param>
/// <param name="Segment">What it is to hold.</param>
public readonly record struct LedgerWrite(LedgerRing Ring, int Slot, LedgerSegment Segment);

/// <summary>
/// Where an entry is kept. Refusals and weight steps are many and soon of no interest: in a ring of their own they cannot push out what
/// happened to an endpoint.
/// </summary>
public enum LedgerRing
{
    /// <summary>What was done: ejections, returns, proofs, drainings, restorings.</summary>
    Deeds,

    /// <summary>What was not done, and weights.</summary>
    Notes,
}
