using Mesh.Grains.Persistence;
using Orleans.Runtime;
using Orleans.Storage;
using Xunit;

namespace Mesh.Grains.Tests;

public class DurableTests
{
    [Fact]
    public async Task A_change_that_changes_nothing_writes_nothing_and_still_answers()
    {
        var disk = new Disk();
        var row = new Durable<Row>(disk, disk.MakeWay);

        Assert.Equal("", await row.Change(current => (current, current.Text)));
        Assert.Equal(0, disk.Writes);
    }

    [Fact]
    public async Task Changes_apply_in_order_and_those_that_wait_share_a_write()
    {
        var disk = new Disk();
        var row = new Durable<Row>(disk, disk.MakeWay);
        var open = new TaskCompletionSource();
        disk.OnWrite = () => open.Task;
        var first = row.Change(Append("a"));
        await Testing.Eventually.True(() => disk.Writes == 1, "the first write is under way");

        var others = new[] { row.Change(Append("b")), row.Change(Append("c")), row.Change(Append("d")) };
        Assert.Equal("", row.Value.Text);
        open.SetResult();
        await Task.WhenAll([first, .. others]);

        Assert.Equal("abcd", disk.Stored.Text);
        Assert.Equal(2, disk.Writes);
    }

    [Fact]
    public async Task A_row_that_is_nothing_is_cleared()
    {
        var disk = new Disk();
        var row = new Durable<Row>(disk, disk.MakeWay) { IsNothing = current => current.Text.Length == 0 };
        await row.Change(Append("a"));

        await row.Change(_ => new Row());

        Assert.Null(disk.Etag);
        await row.Change(Append("b"));
        Assert.Equal("b", disk.Stored.Text);
    }

    [Fact]
    public async Task After_a_write_that_did_not_happen_the_next_change_goes_on_from_what_is_there()
    {
        var disk = new Disk();
        var row = new Durable<Row>(disk, disk.MakeWay);
        await row.Change(Append("a"));
        disk.OnWrite = () => throw new IOException("No, says the test.");
        await Assert.ThrowsAsync<IOException>(() => row.Change(Append("b")));
        Assert.Equal("a", row.Value.Text);

        disk.OnWrite = () => Task.CompletedTask;
        await row.Change(Append("c"));

        Assert.Equal("ac", disk.Stored.Text);
        Assert.False(disk.MadeWay);
    }

    [Fact]
    public async Task A_doubt_that_cannot_be_settled_at_once_is_settled_before_the_next_change()
    {
        var disk = new Disk { CanRead = false };
        var row = new Durable<Row>(disk, disk.MakeWay);
        disk.OnWrite = () => throw new IOException("No, says the test.");
        await Assert.ThrowsAsync<IOException>(() => row.Change(Append("a")));
        disk.OnWrite = () => Task.CompletedTask;
        await Assert.ThrowsAsync<IOException>(() => row.Change(Append("b")));
        await Assert.ThrowsAsync<IOException>(row.Refresh);

        disk.CanRead = true;
        await row.Change(Append("c"));

        Assert.Equal("c", disk.Stored.Text);
    }

    [Fact]
    public async Task A_write_that_happened_and_failed_is_adopted_where_it_can_only_be_ours()
    {
        var disk = new Disk { LosesAnswers = true };
        var row = new Durable<Row>(disk, disk.MakeWay) { IsOurs = (attempted, found) => attempted.Text == found.Text };
        await Assert.ThrowsAsync<IOException>(() => row.Change(Append("a")));

        Assert.Equal("a", row.Value.Text);
        disk.LosesAnswers = false;
        await row.Change(Append("b"));
        Assert.Equal("ab", disk.Stored.Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nothing_is_written_on_top_of_what_a_successor_may_have_written(bool asInconsistency)
    {
        var disk = new Disk();
        var row = new Durable<Row>(disk, disk.MakeWay);
        await row.Change(Append("a"));
        disk.OnWrite = () =>
        {
            disk.Store(new Row { Text = "successor" });
            throw asInconsistency ? new InconsistentStateException("Taken, says the test.") : new IOException("No, says the test.");
        };
        await Assert.ThrowsAnyAsync<Exception>(() => row.Change(Append("b")));
        disk.OnWrite = () => Task.CompletedTask;

        await Assert.ThrowsAsync<InconsistentStateException>(() => row.Change(Append("c")));
        await Assert.ThrowsAsync<InconsistentStateException>(row.Refresh);

        Assert.Equal("successor", disk.Stored.Text);
        Assert.True(disk.MadeWay);
    }

    private static Func<Row, Row> Append(string text) => row => row with { Text = row.Text + text };

    public sealed record Row : Mesh.Core.Formats.IRow<Row>
    {
        public static int Newest => 2;

        public int Format { get; init; } = 1;

        public string Text { get; init; } = "";

        public Row InNewest() => this with { Format = Newest };
    }

    private sealed class Disk : IPersistentState<Row>
    {
        private int _version;
        private string? _etagOnDisk;

        public Row Stored { get; private set; } = new();

        public Func<Task> OnWrite { get; set; } = () => Task.CompletedTask;

        public bool LosesAnswers { get; set; }

        public bool CanRead { get; set; } = true;

        public bool MadeWay { get; private set; }

        public int Writes { get; private set; }

        public Row State { get; set; } = new();

        public string? Etag { get; private set; }

        public bool RecordExists => Etag is not null;

        public void MakeWay() => MadeWay = true;

        public void Store(Row? row)
        {
            Stored = row ?? new();
            _etagOnDisk = row is null ? null : $"{++_version}";
        }

        public Task ReadStateAsync()
        {
            (State, Etag) = CanRead ? (Stored, _etagOnDisk) : throw new IOException("Cannot read, says the test.");
            return Task.CompletedTask;
        }

        public Task WriteStateAsync() => Write(State);

        public Task ClearStateAsync() => Write(null);

        private async Task Write(Row? row)
        {
            Writes++;
            await OnWrite();
            Store(row);
            Etag = LosesAnswers ? throw new IOException("The answer was lost, says the test.") : _etagOnDisk;
        }
    }
}
