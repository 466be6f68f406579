using System.Collections.Immutable;

namespace Mesh.Core.Ledger;

/// <summary>Which entries are wanted. Whatever is left out does not narrow it.</summary>
public sealed record LedgerQuery
{
    /// <summary>The most entries that one answer holds.</summary>
    public const int MostEntries = 1_000;

    /// <summary>Only those decided at this time or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only those about this endpoint.</summary>
    public string? EndpointId { get; init; }

    /// <summary>Only those of these kinds; empty for all.</summary>
    public ImmutableArray<LedgerKind> Kinds { get; init; } = [];

    /// <summary>Only those with a greater number.</summary>
    public long After { get; init; }

    /// <summary>Only those with a smaller number; null for no bound.</summary>
    public long? Before { get; init; }

    /// <summary>At most so many, 1 to <see cref="MostEntries"/>; what lies outside is taken for the nearest.</summary>
    public int Limit { get; init; } = 100;

    /// <summary>At most so many about one endpoint, the first ones in the order asked for; 0 for no bound of its own.</summary>
    public int PerEndpoint { get; init; }

    /// <summary>By number upwards, as when following; otherwise the newest come first.</summary>
    public bool OldestFirst { get; init; }

    internal bool Wants(LedgerEntry entry) =>
        entry.Number > After
        && (Before is null || entry.Number < Before)
        && (Since is null || entry.At >= Since)
        && (EndpointId is null || EndpointId == entry.EndpointId)
        && (Kinds.IsDefaultOrEmpty || Kinds.Contains(entry.Kind));
}

/// <summary>An answer to a query.</summary>
/// <param name="Entries">In the order asked for.</param>
/// <param name="Oldest">The smallest number still kept; 0 when the ledger is empty.</param>
/// <param name="Last">The greatest number ever given; 0 when none was.</param>
/// <param name="More">Whether the limit left some out.</param>
public sealed record LedgerPage(ImmutableArray<LedgerEntry> Entries, long Oldest, long Last, bool More)
{
    /// <summary>Nothing was ever entered.</summary>
    public static LedgerPage Empty { get; } = new([], 0, 0, false);
}
