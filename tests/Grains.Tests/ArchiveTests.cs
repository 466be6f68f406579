using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core.Outliers;
using Mesh.Core.Replay;
using Mesh.Grains.Ledger;
using Mesh.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Mesh.Grains.Tests;

public class ArchiveTests
{
    [Fact]
    public async Task What_was_reported_is_in_the_archive_after_a_while_and_survives_a_crash()
    {
        var first = await TestMesh.Start();
        await first.RegisterMany(3);
        await first.Serves("e0", 100);
        await first.Fails("e1", 2);
        first.Time.Advance(TimeSpan.FromSeconds(15));
        await first.Serves("e0", 50);
        first.Time.Advance(new GrainSettings().ReportArchiveFlush);
        await Eventually.True(async () => !(await Archive(first).Read(default)).IsEmpty, "the archive has been written");
        first.Storage.Faults = (_, _) => Fault.BeforeWriting;

        await using var mesh = await first.Restart();
        mesh.Storage.Faults = (_, _) => Fault.None;

        var frames = await Frames(mesh);
        Assert.Equal(["e0", "e1", "e2"], frames[0].Members.Select(member => member.Id));
        Assert.Equal(
            [("e1", 0L, 2L), ("e0", 150L, 0L)],
            frames.SelectMany(frame => frame.Observations).Select(seen => (seen.EndpointId, seen.Succeeded, seen.Failed)));
    }

    [Fact]
    public async Task An_archive_that_is_turned_off_keeps_nothing()
    {
        var first = await TestMesh.Start(settings: new GrainSettings { ReportArchive = TimeSpan.Zero });
        await first.RegisterMany(1);
        await first.Fails("e0", 7);
        first.Time.Advance(new GrainSettings().ReportArchiveFlush);
        first.Time.Advance(new GrainSettings().ReportArchiveFlush);
        await using var mesh = await first.Restart();

        Assert.Empty(await Archive(mesh).Read(default));
        Assert.Equal(0, mesh.Storage.Writes("reports"));
    }

    [Fact]
    public async Task The_oldest_makes_room_by_bytes_and_what_is_too_old_is_not_shown()
    {
        await using var mesh = await TestMesh.Start(settings: new GrainSettings { ReportArchiveBytes = ReportArchiveGrain.Slots * 250 });
        var began = mesh.Time.GetUtcNow();
        for (var i = 0; i < 50; i++)
        {
            await Archive(mesh).Append([Block(began + TimeSpan.FromSeconds(i), 100)]);
        }

        // Two fit into a row, and all rows but the one that is being filled are full.
        var kept = await Archive(mesh).Read(default);
        Assert.Equal(Enumerable.Range(18, 32).Select(i => began + TimeSpan.FromSeconds(i)), kept.Select(block => block.From));
        Assert.Equal(began + TimeSpan.FromSeconds(40), (await Archive(mesh).Read(began + TimeSpan.FromSeconds(40)))[0].From);

        mesh.Time.Advance(MeshLimits.ReportArchive + TimeSpan.FromSeconds(45));
        Assert.Equal(began + TimeSpan.FromSeconds(45), (await Archive(mesh).Read(default))[0].From);
    }

    [Fact]
    public async Task A_row_is_full_by_time_too_and_a_clock_that_jumps_back_begins_another()
    {
        await using var mesh = await TestMesh.Start();
        var began = mesh.Time.GetUtcNow();
        var row = MeshLimits.ReportArchive / (ReportArchiveGrain.Slots - 1);
        await Archive(mesh).Append([Block(began, 10), Block(began + row / 2, 10)]);
        Assert.Equal(1, mesh.Storage.Writes("reports"));

        await Archive(mesh).Append([Block(began + row, 10)]);
        Assert.Equal(2, mesh.Storage.Writes("reports"));

        await Archive(mesh).Append([Block(began, 11)]);
        Assert.Equal(3, mesh.Storage.Writes("reports"));
        Assert.Equal(4, (await Archive(mesh).Read(default)).Length);
    }

    [Theory]
    [InlineData("reports", Fault.BeforeWriting)]
    [InlineData("reports", Fault.AfterWriting)]
    [InlineData("reports-01", Fault.BeforeWriting)]
    [InlineData("reports-01", Fault.AfterWriting)]
    public async Task A_repeat_after_a_failed_write_keeps_everything_once(string row, Fault fault)
    {
        await using var mesh = await TestMesh.Start();
        var blocks = ImmutableArray.Create(Block(mesh.Time.GetUtcNow(), 10), Block(mesh.Time.GetUtcNow(), 20));
        mesh.Storage.FailNext(row, fault);
        await Assert.ThrowsAnyAsync<Exception>(() => Archive(mesh).Append(blocks));

        await Eventually.True(async () =>
        {
            try
            {
                await Archive(mesh).Append(blocks);
                return true;
            }
            catch (Exception)
            {
                // The activation that does not know what happened makes way for the next.
                return false;
            }
        }, "the archive takes the blocks");
        Assert.Equal([10, 20], (await Archive(mesh).Read(default)).Select(block => block.Data.Length));
    }

    [Fact]
    public async Task A_ring_that_comes_round_does_not_show_what_a_crash_left_in_a_slot()
    {
        var first = await TestMesh.Start(settings: new GrainSettings { ReportArchiveBytes = ReportArchiveGrain.Slots * 10 });
        var began = first.Time.GetUtcNow();
        for (var i = 0; i < ReportArchiveGrain.Slots; i++)
        {
            await Archive(first).Append([Block(began + TimeSpan.FromSeconds(i), 10)]);
        }

        // The head announces row 17, and the silo dies before it is written over row 1.
        first.Storage.Faults = (state, _) => state == "reports-01" ? Fault.BeforeWriting : Fault.None;
        await Assert.ThrowsAnyAsync<Exception>(() => Archive(first).Append([Block(began + TimeSpan.FromSeconds(99), 10)]));
        await using var mesh = await first.Restart();
        mesh.Storage.Faults = (_, _) => Fault.None;

        Assert.Equal(began + TimeSpan.FromSeconds(1), (await Archive(mesh).Read(default))[0].From);
        await Archive(mesh).Append([Block(began + TimeSpan.FromSeconds(100), 10)]);
        Assert.Equal(began + TimeSpan.FromSeconds(100), (await Archive(mesh).Read(default))[^1].From);
    }

    [Fact]
    public async Task A_forgotten_archive_leaves_no_row()
    {
        await using var mesh = await TestMesh.Start();
        await Archive(mesh).Append([Block(mesh.Time.GetUtcNow(), 10)]);
        await Archive(mesh).Forget();

        Assert.Empty(await Archive(mesh).Read(default));
        await Archive(mesh).Append([Block(mesh.Time.GetUtcNow(), 10)]);
        Assert.Single(await Archive(mesh).Read(default));
    }

    [Fact]
    public async Task An_archivist_keeps_blocks_while_the_archive_is_away_and_drops_the_oldest_when_there_are_too_many()
    {
        var away = true;
        var kept = new List<ReportBlock>();
        var archivist = new ReportArchivist(TestMesh.Cart, new GrainSettings(), Append, NullLogger.Instance);
        var now = DateTimeOffset.UnixEpoch;
        for (var i = 0; i < ReportArchivist.MostWaiting + 3; i++)
        {
            now += TimeSpan.FromMinutes(1);
            archivist.Seen(Report(), null, now);
            await archivist.Flush(now);
        }

        away = false;
        await archivist.Flush(now);

        Assert.Equal(ReportArchivist.MostWaiting, kept.Count);
        Assert.Equal(now, kept[^1].To);

        Task Append(ImmutableArray<ReportBlock> blocks)
        {
            kept.AddRange(away ? [] : blocks);
            return away ? throw new IOException("No, says the test.") : Task.CompletedTask;
        }
    }

    private static ServiceReport Report() => new()
    {
        Service = TestMesh.Cart,
        Reporter = "test",
        Observations = [new EndpointObservation { EndpointId = "a", Failed = 1 }],
    };

    private static IReportArchiveGrain Archive(TestMesh mesh) => mesh.Grains.GetGrain<IReportArchiveGrain>(TestMesh.Cart.ToString());

    private static async Task<RecordedFrame[]> Frames(TestMesh mesh) =>
        [.. (await Archive(mesh).Read(default)).SelectMany(block => FrameCodec.Decode(block.Data))];

    private static ReportBlock Block(DateTimeOffset at, int bytes) => new(at, at, 1, new byte[bytes]);
}
