using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mesh.Core.Formats;
using Mesh.Core.Replay;

namespace Mesh.Grains.Ledger;

/// <summary>Which rows an archive has.</summary>
public sealed record ArchiveHead : IRow<ArchiveHead>
{
    /// <inheritdoc/>
    public static int Newest => 2;

    /// <inheritdoc/>
    public int Format { get; init; } = 1;

    /// <summary>Fields of a newer program: carried along, and written back.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; init; }

    /// <inheritdoc/>
    public ArchiveHead InNewest() => Format == Newest ? this : this with { Format = Newest };

    /// <summary>The row that is being filled, counted from 1 for ever; 0 when there is none.</summary>
    public long Current { get; init; }

    /// <summary>When each kept row was begun, the oldest first; the last is <see cref="Current"/>'s.</summary>
    public ImmutableArray<DateTimeOffset> Begun { get; init; } = [];

    /// <summary>The oldest row that is kept.</summary>
    internal long Oldest => Current - Begun.Length + 1;

    internal ArchiveHead Next(DateTimeOffset now, int slots) =>
        new() { Current = Current + 1, Begun = [.. Begun.TakeLast(slots - 1), now] };
}

/// <summary>Some minutes of an archive.</summary>
public sealed record ArchiveRow : IRow<ArchiveRow>
{
    /// <inheritdoc/>
    public static int Newest => 2;

    /// <inheritdoc/>
    public int Format { get; init; } = 1;

    /// <summary>Fields of a newer program: carried along, and written back.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; init; }

    /// <inheritdoc/>
    public ArchiveRow InNewest() => Format == Newest ? this : this with { Format = Newest };

    /// <summary>Which row this is. A slot that holds another was not written since its head said so, and counts as empty.</summary>
    public long Ordinal { get; init; }

    /// <summary>In the order in which they came.</summary>
    public ImmutableArray<ReportBlock> Blocks { get; init; } = [];

    internal int Bytes => Blocks.Sum(static block => block.Data.Length);

    internal bool Has(ReportBlock block) => Blocks.Any(held => held.From == block.From && held.To == block.To && held.Data.Length == block.Data.Length);
}
