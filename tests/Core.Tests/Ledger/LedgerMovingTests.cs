using System.Collections.Immutable;
using FsCheck.Fluent;
using Mesh.Core.Ledger;
using Xunit;
using static Mesh.Core.Tests.Ledger.Ledgers;

namespace Mesh.Core.Tests.Ledger;

public class LedgerMovingTests
{
    [Fact]
    public void A_ledger_moves_with_its_numbers_whatever_it_went_through() => Properties.Hold(
        from batches in Gen.Choose(1, 300).ListOf().Resize(12)
        from kinds in Gen.Choose(0, 7).ListOf().Resize(12)
        select (batches, kinds),
        input =>
        {
            var (batches, kinds) = input;
            var old = new LedgerBook();
            var at = Fill(old, batches, kinds);

            var entries = All(old);
            Assert.Empty(LedgerBook.TooMany(entries));
            var young = new LedgerBook();
            Assert.Equal(old.Last == 0 ? LedgerStanding.Holds : LedgerStanding.IsPart, young.StandingTo(entries, old.Last));
            var rows = young.PlanTakingOver(entries, old.Last);

            // Cut short after any number of rows it is completed by the next.
            Put(young, rows.Take(rows.Length / 2));
            Assert.NotEqual(LedgerStanding.HasItsOwn, young.StandingTo(entries, old.Last));
            Put(young, young.PlanTakingOver(entries, old.Last));

            Assert.Equal(entries, All(young));
            Assert.Equal(LedgerStanding.Holds, young.StandingTo(entries, old.Last));
            Assert.Equal(old.Last + 1, Append(young, [Entry(at)])[0].Number);
            Assert.Equal(LedgerStanding.Holds, young.StandingTo(entries, old.Last));
        }, cases: 100);

    [Fact]
    public void A_ledger_that_has_gone_on_still_holds_what_has_made_room()
    {
        var old = new LedgerBook();
        Append(old, Many(0, 100));
        var entries = All(old);
        var young = Taken(entries, old.Last);
        Append(young, Many(1_000, 1_200));

        Assert.Equal(LedgerStanding.Holds, young.StandingTo(entries, old.Last));
        Assert.Equal(LedgerStanding.HasItsOwn, young.StandingTo([.. entries, Entry(5_000) with { Number = 9_000 }], 9_000));
    }

    [Fact]
    public void Entries_of_its_own_are_told_from_those_that_come()
    {
        var young = new LedgerBook();
        Append(young, Many(500, 3));

        Assert.Equal(LedgerStanding.HasItsOwn, young.StandingTo([Entry(1) with { Number = 1 }], 1));
        Assert.Equal(LedgerStanding.HasItsOwn, young.StandingTo([Entry(1) with { Number = 7 }], 7));
        Assert.Equal(LedgerStanding.HasItsOwn, young.StandingTo([Entry(1, LedgerKind.Refused) with { Number = 1 }], 1));
    }

    [Fact]
    public void Replaced_entries_are_gone_and_no_number_comes_twice()
    {
        var young = new LedgerBook();
        Append(young, Many(500, 200));
        Append(young, [Entry(900, LedgerKind.Refused)]);

        Put(young, young.PlanTakingOver([Entry(1) with { Number = 7 }], 9));

        Assert.Equal([7L], All(young).Select(entry => entry.Number));
        Assert.Equal(202, Append(young, [Entry(2)])[0].Number);
        Assert.Equal([7L, 202L], All(young).Select(entry => entry.Number));
    }

    [Fact]
    public void A_ledger_without_entries_moves_with_the_number_that_it_has_come_to()
    {
        var young = new LedgerBook();
        Assert.Equal(LedgerStanding.IsPart, young.StandingTo([], 41));

        Put(young, young.PlanTakingOver([], 41));

        Assert.Equal((LedgerStanding.Holds, 41), (young.StandingTo([], 41), young.Last));
        Assert.Equal(42, Append(young, [Entry(1)])[0].Number);
    }

    [Fact]
    public void More_than_a_ring_holds_is_told() =>
        Assert.Equal(1_088 + 1, LedgerBook.TooMany(Many(0, 1_090).Select((entry, i) => entry with { Number = i + 1 })).Single(entry => entry.Number == 1_089).Number);

    private static LedgerBook Taken(ImmutableArray<LedgerEntry> entries, long last)
    {
        var book = new LedgerBook();
        Put(book, book.PlanTakingOver(entries, last));
        return book;
    }

    private static ImmutableArray<LedgerEntry> All(LedgerBook book) => [.. book.Rows().SelectMany(row => row.Segment.Entries).OrderBy(entry => entry.Number)];
}
