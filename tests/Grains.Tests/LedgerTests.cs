using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;
using Mesh.Grains.Ledger;
using Mesh.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Mesh.Grains.Tests;

public class LedgerTests
{
    [Fact]
    public async Task What_was_entered_is_there_after_a_restart_with_all_its_evidence()
    {
        var first = await TestMesh.Start();
        var entry = Entry(first, 1) with
        {
            Evidence = new OutlierEvidence(OutlierDetector.SuccessRate, 30, 1)
            {
                Requests = 100,
                Observed = 0.3,
                Limit = 0.125,
                Peers = 0.01,
                Hosts = 7,
                Since = first.Time.GetUtcNow(),
                Sources = [new("proxy-1", 20), new("", 10)],
                Note = "a note",
            },
            Policy = "DestinationRule/shop/cart@3",
            Tally = new(20, 1),
            Until = first.Time.GetUtcNow() + TimeSpan.FromSeconds(30),
            WeightBefore = 100,
            WeightAfter = 50,
        };
        await Ledger(first).Append([entry, Entry(first, 2, LedgerKind.Weight)]);
        await using var mesh = await first.Restart();

        var page = await Ledger(mesh).Read(new());

        Assert.Equal([2, 1], page.Entries.Select(found => found.Number));
        var found = page.Entries[1];
        Assert.Equal(entry.Evidence.Sources, found.Evidence!.Sources);
        Assert.Equal(entry with { Number = 1, Evidence = null }, found with { Evidence = null });
        Assert.Equal(entry.Evidence with { Sources = [] }, found.Evidence with { Sources = [] });
        Assert.Equal(3, (await Ledger(mesh).Append([Entry(mesh, 3)]))[0].Number);
    }

    [Fact]
    public async Task An_append_writes_one_row_and_a_repeat_none()
    {
        await using var mesh = await TestMesh.Start();
        await Ledger(mesh).Append([Entry(mesh, 1), Entry(mesh, 2)]);
        await Ledger(mesh).Append([Entry(mesh, 3)]);
        // And one more at the first, by which the activation takes the row over.
        Assert.Equal(3, mesh.Storage.Writes("ledger-01"));

        Assert.Empty(await Ledger(mesh).Append([Entry(mesh, 3)]));
        Assert.Equal(3, mesh.Storage.Writes("ledger-01"));
    }

    [Theory]
    [InlineData(Fault.BeforeWriting)]
    [InlineData(Fault.AfterWriting)]
    public async Task A_repeat_after_a_failed_write_enters_nothing_twice(Fault fault)
    {
        await using var mesh = await TestMesh.Start();
        await Ledger(mesh).Append([Entry(mesh, 1)]);
        mesh.Storage.FailNext("ledger-01", fault);
        await Assert.ThrowsAnyAsync<Exception>(() => Ledger(mesh).Append([Entry(mesh, 2)]));

        await Ledger(mesh).Append([Entry(mesh, 2), Entry(mesh, 3)]);

        var entries = (await Ledger(mesh).Read(new() { OldestFirst = true })).Entries;
        Assert.Equal([1, 2, 3], entries.Select(entry => entry.Number));
        Assert.Equal(3, entries.Select(entry => entry.At).Distinct().Count());
    }

    [Fact]
    public async Task A_disk_that_cannot_be_read_after_a_failed_write_lets_the_next_activation_begin_from_it()
    {
        await using var mesh = await TestMesh.Start();
        await Ledger(mesh).Append([Entry(mesh, 1)]);
        mesh.Storage.FailNext("ledger-01", Fault.AfterWriting);
        mesh.Storage.CanRead = false;
        await Assert.ThrowsAnyAsync<Exception>(() => Ledger(mesh).Append([Entry(mesh, 2)]));
        mesh.Storage.CanRead = true;

        await Eventually.True(async () => (await Ledger(mesh).Read(new())).Last == 2, "the ledger has what is on disk");
        Assert.Empty(await Ledger(mesh).Append([Entry(mesh, 2)]));
    }

    [Fact]
    public async Task The_ledger_of_a_service_that_has_gone_is_dropped_after_a_while_and_its_numbers_go_on()
    {
        await using var mesh = await TestMesh.Start();
        await Ledger(mesh).Append([Entry(mesh, 1), Entry(mesh, 2)]);
        await Ledger(mesh).ServiceGone();
        await Ledger(mesh).Read(new());
        mesh.Time.Advance(MeshLimits.LedgerOutlivesService - TimeSpan.FromSeconds(1));
        Assert.Equal(2, (await Ledger(mesh).Read(new())).Entries.Length);

        mesh.Time.Advance(TimeSpan.FromSeconds(1));

        await Eventually.True(async () => (await Ledger(mesh).Read(new())).Entries.IsEmpty, "the entries are dropped");
        Assert.Equal(3, (await Ledger(mesh).Append([Entry(mesh, 3)]))[0].Number);
    }

    [Fact]
    public async Task The_ledger_of_a_service_that_came_back_is_kept()
    {
        await using var mesh = await TestMesh.Start();
        await Ledger(mesh).Append([Entry(mesh, 1)]);
        await Ledger(mesh).ServiceGone();
        await Ledger(mesh).Read(new());
        await mesh.Register("a");

        mesh.Time.Advance(MeshLimits.LedgerOutlivesService);
        mesh.Time.Advance(MeshLimits.LedgerOutlivesService);

        await mesh.Register("b");
        Assert.NotEmpty((await Ledger(mesh).Read(new())).Entries);
    }

    [Fact]
    public async Task A_pen_joins_what_comes_up_while_it_writes_and_tells_what_was_new()
    {
        var open = new TaskCompletionSource();
        var appends = new List<int>();
        var told = new List<string>();
        var pen = new LedgerPen(TestMesh.Cart, Append, entries => told.AddRange(entries.Select(entry => entry.EndpointId)), NullLogger.Instance);
        var first = pen.Enter(Named("a"));
        await Eventually.True(() => appends.Count == 1, "the first is being written");
        var others = new[] { pen.Enter(Named("b")), pen.Enter(Named("c"), Named("d")) };
        Assert.Equal(3, pen.Waiting);

        open.SetResult();
        await Task.WhenAll([first, .. others]);

        Assert.Equal([1, 3], appends);
        Assert.Equal(["a", "b", "c", "d"], told);
        Assert.Equal(0, pen.Waiting);

        async Task<ImmutableArray<LedgerEntry>> Append(ImmutableArray<LedgerEntry> entries)
        {
            appends.Add(entries.Length);
            await open.Task;
            return entries;
        }
    }

    [Fact]
    public async Task A_pen_keeps_what_the_ledger_does_not_take_in_its_order_and_drops_the_oldest_when_it_is_full()
    {
        var fails = true;
        var entered = new List<string>();
        var pen = new LedgerPen(TestMesh.Cart, Append, _ => { }, NullLogger.Instance);
        await pen.Enter(Named("a"), Named("b"));
        await pen.Enter(Named("c"));
        Assert.Equal(3, pen.Waiting);
        fails = false;

        await pen.Flush();
        Assert.Equal(["a", "b", "c"], entered);

        fails = true;
        await pen.Enter(Enumerable.Range(0, LedgerPen.MostWaiting + 2).Select(i => Named($"e{i}")));
        Assert.Equal(LedgerPen.MostWaiting, pen.Waiting);
        (fails, _) = (false, entered.RemoveAll(_ => true));
        await pen.Flush();
        Assert.Equal(("e2", $"e{LedgerPen.MostWaiting + 1}"), (entered[0], entered[^1]));

        Task<ImmutableArray<LedgerEntry>> Append(ImmutableArray<LedgerEntry> entries)
        {
            entered.AddRange(fails ? [] : entries.Select(entry => entry.EndpointId));
            return fails ? throw new IOException("No, says the test.") : Task.FromResult(entries);
        }
    }

    private static ILedgerGrain Ledger(TestMesh mesh) => mesh.Grains.GetGrain<ILedgerGrain>(TestMesh.Cart.ToString());

    private static LedgerEntry Named(string endpoint) =>
        new() { At = DateTimeOffset.UnixEpoch, EndpointId = endpoint, Kind = LedgerKind.Ejected, Reason = "a test" };

    private static LedgerEntry Entry(TestMesh mesh, int number, LedgerKind kind = LedgerKind.Ejected) =>
        new() { At = mesh.Time.GetUtcNow() + TimeSpan.FromTicks(number), EndpointId = "a", Kind = kind, Reason = "a test" };
}
