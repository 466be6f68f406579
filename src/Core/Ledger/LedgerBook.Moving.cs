using System.Collections.Immutable;

namespace Mesh.Core.Ledger;

/// <content>
/// Taking over a ledger from another mesh, with its numbers: whoever was told of entry 17 finds it under 17. Either the book is (or was begun as) a part of what comes, and
/// then it is laid out anew as the whole; or it has entries of its own, and then somebody has to say which of the two holds.
/// </content>
public sealed partial class LedgerBook
{
    /// <summary>How the book stands to a ledger that is to be taken over.</summary>
    /// <param name="entries">All of that ledger, by number.</param>
    /// <param name="last">The greatest number that it ever gave.</param>
    public LedgerStanding StandingTo(ImmutableArray<LedgerEntry> entries, long last)
    {
        var coming = entries.ToDictionary(entry => entry.Number);
        var held = Rows().SelectMany(row => row.Segment.Entries).ToDictionary(entry => entry.Number);
        if (held.Values.Any(entry => coming.TryGetValue(entry.Number, out var other) && !Same(entry, other)))
        {
            return LedgerStanding.HasItsOwn;
        }

        var missing = entries.Where(entry => !held.ContainsKey(entry.Number)).ToList();
        if (missing.Count == 0 && Last >= last)
        {
            return LedgerStanding.Holds;
        }

        if (held.Keys.All(coming.ContainsKey))
        {
            return LedgerStanding.IsPart;
        }

        // Of a ledger that has gone on since, the oldest leaves may have made room.
        var oldest = held.Values.GroupBy(entry => RingOf(entry.Kind)).ToDictionary(ring => ring.Key, ring => ring.Min(entry => entry.Number));
        return Last >= last && missing.TrueForAll(entry => oldest.TryGetValue(RingOf(entry.Kind), out var first) && entry.Number < first)
            ? LedgerStanding.Holds
            : LedgerStanding.HasItsOwn;
    }

    /// <summary>The rows to write, in this order, so that the book is that ledger. No number that this book ever gave is given again.</summary>
    /// <param name="entries">All of it, by number; not more than the rings hold (<see cref="TooMany"/>).</param>
    /// <param name="last">The greatest number that it ever gave.</param>
    public ImmutableArray<LedgerWrite> PlanTakingOver(ImmutableArray<LedgerEntry> entries, long last)
    {
        var rows = ImmutableArray.CreateBuilder<LedgerWrite>();
        var greatest = Math.Max(Last, last);
        var empty = entries.IsEmpty;
        foreach (var ring in Enum.GetValues<LedgerRing>())
        {
            // Above what is there, so that a crash halfway leaves no leaf that seems newer than the new ones.
            var ordinal = _rings[(int)ring].Max(segment => segment.Ordinal);
            var leaves = entries.Where(entry => RingOf(entry.Kind) == ring).Chunk(LedgerSegment.Size).Select(leaf => leaf.ToImmutableArray()).ToList();
            if (empty && ring == LedgerRing.Deeds)
            {
                // Without entries one leaf has to remember the number.
                leaves.Add([]);
            }

            var taken = new HashSet<int>();
            foreach (var leaf in leaves)
            {
                var slot = (int)(++ordinal % Slots(ring));
                taken.Add(slot);
                rows.Add(new(ring, slot, new() { Ordinal = ordinal, Last = greatest, Entries = leaf }));
            }

            rows.AddRange(Enumerable.Range(0, Slots(ring))
                .Where(slot => !taken.Contains(slot) && _rings[(int)ring][slot].Entries.Length > 0)
                .Select(slot => new LedgerWrite(ring, slot, LedgerSegment.Empty)));
        }

        return rows.ToImmutable();
    }

    /// <summary>The entries of a ring that are more than it holds; empty when all fit.</summary>
    public static IEnumerable<LedgerEntry> TooMany(IEnumerable<LedgerEntry> entries) =>
        entries.GroupBy(entry => RingOf(entry.Kind)).SelectMany(ring => ring.Skip(Slots(ring.Key) * LedgerSegment.Size));

    private static bool Same(LedgerEntry one, LedgerEntry other) =>
        Key(one) == Key(other) && one.Reason == other.Reason && one.Policy == other.Policy && one.Evidence == other.Evidence;
}

/// <summary>How a book stands to a ledger that is to be taken over.</summary>
public enum LedgerStanding
{
    /// <summary>It holds all of it, and perhaps more since; nothing is to be done.</summary>
    Holds,

    /// <summary>It holds nothing but parts of it.</summary>
    IsPart,

    /// <summary>It holds entries that the other does not know.</summary>
    HasItsOwn,
}
