using FsCheck.Fluent;
using Mesh.Core.Ledger;
using Xunit;
using static Mesh.Core.Tests.Ledger.Ledgers;

namespace Mesh.Core.Tests.Ledger;

public class LedgerBookTests
{
    [Fact]
    public void Entries_are_numbered_from_one_in_the_order_in_which_they_came()
    {
        var book = new LedgerBook();
        var entered = Append(book, Entry(1), Entry(2, LedgerKind.Refused), Entry(3));

        Assert.Equal([1, 2, 3], entered.Select(entry => entry.Number));
        Assert.Equal([3, 2, 1], Read(book).Entries.Select(entry => entry.Number));
        Assert.Equal([1, 2, 3], Read(book, new() { OldestFirst = true }).Entries.Select(entry => entry.Number));
        Assert.Equal((1, 3), (Read(book).Oldest, Read(book).Last));
    }

    [Fact]
    public void An_empty_ledger_answers_with_nothing()
    {
        Assert.Equal(LedgerPage.Empty with { Entries = Read(new()).Entries }, Read(new()));
        Assert.Empty(new LedgerBook().PlanForgetting());
    }

    [Fact]
    public void The_same_endpoint_kind_and_time_is_entered_once()
    {
        var book = new LedgerBook();
        Append(book, Entry(1));

        Assert.Empty(Append(book, Entry(1) with { Reason = "told again" }));
        Assert.Empty(book.Plan([Entry(1)]).Rows);
        Assert.Equal([2], Append(book, Entry(2), Entry(2)).Select(entry => entry.Number));
        Assert.Equal(3, Append(book, Entry(2, LedgerKind.Returned))[0].Number);
        Assert.Equal(4, Append(book, Entry(2) with { EndpointId = "b" })[0].Number);
    }

    [Fact]
    public void What_is_planned_is_not_there_before_it_is_put()
    {
        var book = new LedgerBook();
        var (rows, _) = book.Plan([Entry(1)]);

        Assert.Empty(Read(book).Entries);
        Assert.Equal(rows, book.Plan([Entry(1)]).Rows, (one, other) => one.Segment.Entries.SequenceEqual(other.Segment.Entries));
    }

    [Fact]
    public void An_append_writes_one_row_until_it_is_full_and_then_the_next()
    {
        var book = new LedgerBook();
        Append(book, Many(1, LedgerSegment.Size - 1));

        var (rows, _) = book.Plan(Many(1000, 2));

        Assert.Equal([(1, LedgerSegment.Size), (2, 1)], rows.Select(row => (row.Slot, row.Segment.Entries.Length)));
        Assert.Equal([64L, 65L], rows.Select(row => row.Segment.Last));
        Assert.Single(book.Plan([Entry(1000)]).Rows);
    }

    [Fact]
    public void A_ring_keeps_at_least_what_it_promises_and_never_grows_beyond_its_rows()
    {
        var book = new LedgerBook();
        var rows = new Dictionary<(LedgerRing, int), LedgerSegment>();
        for (var i = 0; i < 3 * LedgerBook.Deeds; i++)
        {
            foreach (var row in book.Plan([Entry(i)]).Rows)
            {
                rows[(row.Ring, row.Slot)] = row.Segment;
                book.Put(row);
            }

            Assert.Equal(i + 1, book.Last);
            Assert.True(i % 31 != 0 || book.Last - Read(book, new() { Limit = 1 }).Oldest + 1 >= Math.Min(i + 1, LedgerBook.Deeds));
        }

        Assert.Equal(LedgerBook.Slots(LedgerRing.Deeds), rows.Count);
    }

    [Fact]
    public void Weight_steps_and_refusals_do_not_push_out_what_was_done()
    {
        var book = new LedgerBook();
        Append(book, Entry(0));
        for (var i = 1; i < 3 * LedgerBook.Deeds; i += 3)
        {
            Append(book, Entry(i, LedgerKind.Weight), Entry(i, LedgerKind.Refused), Entry(i, LedgerKind.NotEnforced));
        }

        var page = Read(book, new() { OldestFirst = true, Limit = LedgerQuery.MostEntries });
        Assert.Equal(LedgerKind.Ejected, page.Entries[0].Kind);
        Assert.InRange(page.Entries.Length, LedgerBook.Notes + 1, LedgerBook.Notes + LedgerSegment.Size + 1);
    }

    [Fact]
    public void What_a_ring_has_forgotten_may_be_entered_again()
    {
        var book = new LedgerBook();
        Append(book, Entry(0));
        Append(book, Many(1, LedgerBook.Deeds + LedgerSegment.Size));

        Assert.Single(Append(book, Entry(0)));
    }

    [Fact]
    public void A_query_narrows_by_time_endpoint_kind_and_number()
    {
        var book = new LedgerBook();
        Append(book, Entry(1), Entry(2) with { EndpointId = "b" }, Entry(3, LedgerKind.Returned), Entry(4, LedgerKind.Refused));

        Assert.Equal([4, 3], Numbers(new() { Since = Given.At(3) }));
        Assert.Equal([2], Numbers(new() { EndpointId = "b" }));
        Assert.Equal([4, 3], Numbers(new() { Kinds = [LedgerKind.Returned, LedgerKind.Refused] }));
        Assert.Equal([4, 3], Numbers(new() { After = 2 }));
        Assert.Equal([1], Numbers(new() { Before = 2 }));
        Assert.Equal([4, 3, 2, 1], Numbers(new() { Kinds = default }));

        long[] Numbers(LedgerQuery query) => [.. Read(book, query).Entries.Select(entry => entry.Number)];
    }

    [Fact]
    public void A_limit_cuts_off_and_says_so()
    {
        var book = new LedgerBook();
        Append(book, Many(0, 10));

        Assert.Equal((10, false), Shape(new() { Limit = 10 }));
        Assert.Equal((9, true), Shape(new() { Limit = 9 }));
        Assert.Equal((1, true), Shape(new() { Limit = 0 }));
        Assert.Equal((10, false), Shape(new() { Limit = int.MaxValue }));
        Append(book, Many(100, LedgerQuery.MostEntries));
        Assert.Equal((LedgerQuery.MostEntries, true), Shape(new() { Limit = int.MaxValue }));

        (int, bool) Shape(LedgerQuery query) => (Read(book, query).Entries.Length, Read(book, query).More);
    }

    [Fact]
    public void Each_endpoint_may_have_a_bound_of_its_own()
    {
        var book = new LedgerBook();
        Append(book, [Entry(0) with { EndpointId = "quiet" }, .. Many(1, 50)]);

        var page = Read(book, new() { PerEndpoint = 2 });

        Assert.Equal([51, 50, 1], page.Entries.Select(entry => entry.Number));
        Assert.False(page.More);
        Assert.Equal([51, 50], Read(book, new() { PerEndpoint = 2, Limit = 2 }).Entries.Select(entry => entry.Number));
        Assert.True(Read(book, new() { PerEndpoint = 2, Limit = 2 }).More);
    }

    [Fact]
    public void A_forgotten_ledger_goes_on_with_its_numbers()
    {
        var book = new LedgerBook();
        Append(book, [.. Many(0, 100), .. Enumerable.Range(0, 10).Select(i => Entry(i, LedgerKind.Weight))]);
        var rows = book.PlanForgetting();
        Put(book, rows);

        Assert.Empty(Read(book).Entries);
        Assert.Equal(4, rows.Length);
        Assert.Single(rows, row => row.Segment.Last == 110);
        Assert.Equal(111, Append(book, Entry(0))[0].Number);
        Assert.Equal(111, Reopened(book).Last);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(LedgerSegment.Size)]
    [InlineData(LedgerSegment.Size + 1)]
    public void Who_takes_a_ledger_over_writes_the_row_that_each_ring_would_write_next_and_changes_nothing_in_it(int entries)
    {
        var book = new LedgerBook();
        Append(book, [.. Many(0, entries), .. Enumerable.Range(0, entries).Select(i => Entry(i, LedgerKind.Weight))]);

        var claim = book.PlanClaim("me");
        var next = book.Plan([Entry(1000), Entry(1000, LedgerKind.Weight)]).Rows;

        Assert.Equal(next.Select(row => (row.Ring, row.Slot)), claim.Select(row => (row.Ring, row.Slot)));
        Assert.All(claim, row => Assert.Equal("me", row.Segment.Claim));
        Put(book, claim);
        Assert.Equal(2 * entries, Read(book, new() { Limit = LedgerQuery.MostEntries }).Entries.Length);
        Assert.Equal(2 * entries + 1, Append(book, Entry(1001))[0].Number);
    }

    [Fact]
    public void A_ledger_read_from_its_rows_is_the_same_ledger() => Properties.Hold(
        from batches in Gen.Choose(1, 400).ListOf().Resize(12)
        from kinds in Gen.Choose(0, 7).ListOf().Resize(12)
        select (batches, kinds),
        input =>
        {
            var (batches, kinds) = input;
            var book = new LedgerBook();
            var at = Fill(book, batches, kinds);

            var again = Reopened(book);
            var query = new LedgerQuery { Limit = LedgerQuery.MostEntries };
            Assert.Equal(Read(book, query).Entries, Read(again, query).Entries);
            Assert.Equal(Append(book, Entry(at)), Append(again, Entry(at)));
        }, cases: 100);

    private static LedgerBook Reopened(LedgerBook book)
    {
        var again = new LedgerBook();
        Put(again, book.Rows());
        return again;
    }

    private static LedgerPage Read(LedgerBook book, LedgerQuery? query = null) => book.Read(query ?? new());
}
