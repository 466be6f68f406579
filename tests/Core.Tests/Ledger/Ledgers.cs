using System.Collections.Immutable;
using Mesh.Core.Ledger;

namespace Mesh.Core.Tests.Ledger;

/// <summary>Ledgers as tests fill them.</summary>
internal static class Ledgers
{
    /// <summary>Plans entries and puts the rows, as a grain does that can write.</summary>
    public static ImmutableArray<LedgerEntry> Append(LedgerBook book, params IEnumerable<LedgerEntry> entries)
    {
        var (rows, entered) = book.Plan(entries);
        Put(book, rows);
        return entered;
    }

    public static void Put(LedgerBook book, IEnumerable<LedgerWrite> rows)
    {
        foreach (var row in rows)
        {
            book.Put(row);
        }
    }

    /// <summary>Appends batches of these sizes, an entry for each second, of these kinds in turn.</summary>
    /// <returns>The second after the last.</returns>
    public static int Fill(LedgerBook book, IReadOnlyList<int> batches, IReadOnlyList<int> kinds)
    {
        var at = 0;
        for (var i = 0; i < batches.Count; i++)
        {
            var kind = kinds.Count == 0 ? LedgerKind.Ejected : (LedgerKind)kinds[i % kinds.Count];
            Append(book, Enumerable.Range(at, batches[i]).Select(second => Entry(second, kind)));
            at += batches[i];
        }

        return at;
    }

    public static IEnumerable<LedgerEntry> Many(int from, int count) => Enumerable.Range(from, count).Select(i => Entry(i));

    public static LedgerEntry Entry(int at, LedgerKind kind = LedgerKind.Ejected) =>
        new() { At = Given.At(at), EndpointId = "a", Kind = kind, Reason = "5 consecutive 5xx" };
}
