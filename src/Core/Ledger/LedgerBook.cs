using System.Collections.Immutable;

namespace Mesh.Core.Ledger;

/// <summary>
/// One service's ledger in memory: what was decided, newest last, of bounded size. It plans which rows an append writes, and its owner says
/// when they are on disk; until then nobody can read them.
/// <para>
/// Think of two loose-leaf binders. Entries go on the last leaf; when that is full a new one is begun, and when the binder is full the oldest
/// leaf is taken out for it. So an append rewrites one leaf and not the binder, and the ledger never grows beyond its rows.
/// </para>
/// <para>
/// An entry is the same as another if endpoint, kind and time are: whoever does not know whether an append succeeded repeats it, and whoever
/// finds an ejection in an endpoint's own row enters it again; nothing appears twice.
/// </para>
/// <para>
/// Rejected: one row for all (each entry would rewrite a megabyte) and a row for each entry (a read would ask for a thousand rows, and
/// nobody would know which are left when it is time to remove them).
/// </para>
/// </summary>
public sealed partial class LedgerBook
{
    /// <summary>How many entries are kept at least, of the ring's kinds.</summary>
    public const int Deeds = 1024;

    /// <summary>The same for refusals and weight steps.</summary>
    public const int Notes = 256;

    private readonly LedgerSegment[][] _rings = [Blank(LedgerRing.Deeds), Blank(LedgerRing.Notes)];
    private readonly HashSet<(string, LedgerKind, DateTimeOffset)> _known = [];

    /// <summary>The greatest number ever given.</summary>
    public long Last { get; private set; }

    /// <summary>How many rows a ring has: one more than its entries need, for the one that is being filled.</summary>
    public static int Slots(LedgerRing ring) => (ring == LedgerRing.Deeds ? Deeds : Notes) / LedgerSegment.Size + 1;

    /// <summary>Where entries of a kind go.</summary>
    public static LedgerRing RingOf(LedgerKind kind) =>
        kind is LedgerKind.Refused or LedgerKind.NotEnforced or LedgerKind.Weight ? LedgerRing.Notes : LedgerRing.Deeds;

    /// <summary>Takes a row as it is on disk: at the start, and after each write.</summary>
    public void Put(LedgerWrite row)
    {
        ref var held = ref _rings[(int)row.Ring][row.Slot];
        foreach (var entry in held.Entries)
        {
            _known.Remove(Key(entry));
        }

        held = row.Segment;
        foreach (var entry in held.Entries)
        {
            _known.Add(Key(entry));
        }

        Last = Math.Max(Last, held.Last);
    }

    /// <summary>The rows to write, in this order, so that the entries are in the ledger; none when it has them all.</summary>
    /// <returns>What is new in them, numbered.</returns>
    public (ImmutableArray<LedgerWrite> Rows, ImmutableArray<LedgerEntry> Entered) Plan(IEnumerable<LedgerEntry> entries)
    {
        var fresh = entries.DistinctBy(Key).Where(entry => !_known.Contains(Key(entry))).ToList();
        var entered = fresh.Select((entry, i) => entry with { Number = Last + 1 + i }).ToImmutableArray();
        return ([.. Fill(LedgerRing.Deeds, entered), .. Fill(LedgerRing.Notes, entered)], entered);
    }

    /// <summary>
    /// The rows to write before the first append by somebody who has read the ledger: of each ring the one that comes next, with what it holds. The rings share one sequence of numbers
    /// and lie in rows of their own; so somebody who read the ledger earlier, and may still be about to append, could give a number in one ring that has been given in the other. After
    /// this neither of his next rows is as he read it.
    /// </summary>
    /// <param name="claim">Nobody else's.</param>
    public ImmutableArray<LedgerWrite> PlanClaim(string claim) => [Next(LedgerRing.Deeds, claim), Next(LedgerRing.Notes, claim)];

    /// <summary>The rows to write so that all entries are forgotten. One of them remembers the last number: they are never given twice.</summary>
    public ImmutableArray<LedgerWrite> PlanForgetting()
    {
        var rows = Rows().Where(row => row.Segment.Entries.Length > 0).ToList();
        var keeper = new LedgerWrite(LedgerRing.Deeds, 0, LedgerSegment.Empty with { Last = Last });
        return rows.Count == 0 ? [] :
        [
            keeper, .. rows.Where(row => (row.Ring, row.Slot) != (keeper.Ring, keeper.Slot)).Select(row => row with { Segment = LedgerSegment.Empty }),
        ];
    }

    /// <summary>Answers a query.</summary>
    public LedgerPage Read(LedgerQuery query)
    {
        var all = Rows().SelectMany(row => row.Segment.Entries).ToList();
        var limit = Math.Clamp(query.Limit, 1, LedgerQuery.MostEntries);
        var perEndpoint = new Dictionary<string, int>(StringComparer.Ordinal);
        var wanted = all.Where(query.Wants);
        var found = (query.OldestFirst ? wanted.OrderBy(entry => entry.Number) : wanted.OrderByDescending(entry => entry.Number))
            .Where(entry => query.PerEndpoint <= 0 || Count(perEndpoint, entry.EndpointId) <= query.PerEndpoint)
            .Take(limit + 1)
            .ToImmutableArray();
        var more = found.Length > limit;
        return new(more ? found[..limit] : found, all.Count == 0 ? 0 : all.Min(entry => entry.Number), Last, more);
    }

    private static int Count(Dictionary<string, int> counts, string endpoint) => counts[endpoint] = counts.GetValueOrDefault(endpoint) + 1;

    private static (string, LedgerKind, DateTimeOffset) Key(LedgerEntry entry) => (entry.EndpointId, entry.Kind, entry.At);

    private static LedgerSegment[] Blank(LedgerRing ring)
    {
        var slots = new LedgerSegment[Slots(ring)];
        Array.Fill(slots, LedgerSegment.Empty);
        return slots;
    }

    /// <summary>All rows as they are, also those that hold nothing.</summary>
    public IEnumerable<LedgerWrite> Rows() =>
        _rings.SelectMany((slots, ring) => slots.Select((segment, slot) => new LedgerWrite((LedgerRing)ring, slot, segment)));

    private LedgerWrite Next(LedgerRing ring, string claim)
    {
        var current = _rings[(int)ring].MaxBy(segment => segment.Ordinal)!;
        var ordinal = current.Ordinal == 0 || current.Entries.Length >= LedgerSegment.Size ? current.Ordinal + 1 : current.Ordinal;
        var slot = (int)(ordinal % Slots(ring));
        return new(ring, slot, _rings[(int)ring][slot] with { Claim = claim });
    }

    private List<LedgerWrite> Fill(LedgerRing ring, ImmutableArray<LedgerEntry> entered)
    {
        var rows = new List<LedgerWrite>();
        var current = _rings[(int)ring].MaxBy(segment => segment.Ordinal)!;
        var rest = entered.Where(entry => RingOf(entry.Kind) == ring).ToList();
        while (rest.Count > 0)
        {
            current = current.Ordinal == 0 || current.Entries.Length >= LedgerSegment.Size
                ? LedgerSegment.Empty with { Ordinal = current.Ordinal + 1 }
                : current;
            var fits = Math.Min(LedgerSegment.Size - current.Entries.Length, rest.Count);
            current = current with { Entries = [.. current.Entries, .. rest[..fits]], Last = rest[fits - 1].Number };
            rows.Add(new(ring, (int)(current.Ordinal % Slots(ring)), current));
            rest.RemoveRange(0, fits);
        }

        return rows;
    }
}
