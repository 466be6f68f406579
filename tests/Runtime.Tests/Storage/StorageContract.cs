using Mesh.Runtime.Tests.Grains;
using Mesh.Testing;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using Xunit;

namespace Mesh.Runtime.Tests.Storage;

/// <summary>What any grain storage must do; the store that tests use must be as strict as the real one.</summary>
public abstract class StorageContract
{
    private static readonly GrainId Grain = GrainId.Create("ledger", "a/b");

    [Fact]
    public Task A_record_that_was_never_written_is_new_and_has_no_etag() => With(async storage =>
    {
        var read = await Read(storage);
        Assert.False(read.RecordExists);
        Assert.Null(read.ETag);
        Assert.Equal(0, read.State!.Total);
    });

    [Fact]
    public Task What_was_written_is_read_back_under_the_same_etag() => With(async storage =>
    {
        var written = new GrainState<LedgerState>(new() { Total = 7 });
        await storage.WriteStateAsync("s", Grain, written);
        Assert.True(written.RecordExists);
        var read = await Read(storage);
        Assert.True(read.RecordExists);
        Assert.Equal(7, read.State!.Total);
        Assert.Equal(written.ETag, read.ETag);
        Assert.NotNull(read.ETag);
    });

    [Fact]
    public Task States_are_apart_by_name_and_by_grain() => With(async storage =>
    {
        await storage.WriteStateAsync("s", Grain, new GrainState<LedgerState>(new() { Total = 1 }));
        await storage.WriteStateAsync("t", Grain, new GrainState<LedgerState>(new() { Total = 2 }));
        await storage.WriteStateAsync("s", GrainId.Create("ledger", "a"), new GrainState<LedgerState>(new() { Total = 3 }));
        Assert.Equal(1, (await Read(storage)).State!.Total);
    });

    [Fact]
    public Task Each_write_gives_a_new_etag() => With(async storage =>
    {
        var record = new GrainState<LedgerState>(new());
        var etags = new HashSet<string?>();
        for (var i = 0; i < 10; i++)
        {
            await storage.WriteStateAsync("s", Grain, record);
            Assert.True(etags.Add(record.ETag));
        }
    });

    [Fact]
    public Task A_write_with_a_stale_etag_is_refused_and_changes_nothing() => With(async storage =>
    {
        await storage.WriteStateAsync("s", Grain, new GrainState<LedgerState>(new() { Total = 1 }));
        var (first, second) = (await Read(storage), await Read(storage));
        first.State!.Total = 2;
        await storage.WriteStateAsync("s", Grain, first);
        second.State!.Total = 3;
        var stale = second.ETag;
        var refusal = await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("s", Grain, second));
        Assert.Equal((first.ETag, stale, stale), (refusal.StoredEtag, refusal.CurrentEtag, second.ETag));
        Assert.Equal(2, (await Read(storage)).State!.Total);
    });

    [Fact]
    public Task A_second_first_write_is_refused() => With(async storage =>
    {
        await storage.WriteStateAsync("s", Grain, new GrainState<LedgerState>(new()));
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("s", Grain, new GrainState<LedgerState>(new())));
    });

    [Fact]
    public Task A_cleared_record_is_new_again_and_its_old_etag_is_stale_for_ever() => With(async storage =>
    {
        var record = new GrainState<LedgerState>(new() { Total = 1 });
        await storage.WriteStateAsync("s", Grain, record);
        var old = record.ETag;
        await storage.ClearStateAsync("s", Grain, record);
        Assert.Equal((false, null, 0), (record.RecordExists, record.ETag, record.State!.Total));
        Assert.False((await Read(storage)).RecordExists);
        await Assert.ThrowsAsync<InconsistentStateException>(
            () => storage.WriteStateAsync("s", Grain, new GrainState<LedgerState>(new(), old)));
        await storage.WriteStateAsync("s", Grain, record);
        Assert.NotEqual(old, record.ETag);
    });

    [Fact]
    public Task A_clear_with_a_stale_etag_is_refused_and_one_of_nothing_is_fine() => With(async storage =>
    {
        await storage.ClearStateAsync("s", Grain, new GrainState<LedgerState>(new()));
        var record = new GrainState<LedgerState>(new() { Total = 1 });
        await storage.WriteStateAsync("s", Grain, record);
        var stale = record.ETag;
        await storage.WriteStateAsync("s", Grain, record);
        await Assert.ThrowsAsync<InconsistentStateException>(
            () => storage.ClearStateAsync("s", Grain, new GrainState<LedgerState>(new(), stale)));
        Assert.True((await Read(storage)).RecordExists);
    });

    protected abstract Task With(Func<IGrainStorage, Task> test);

    private static async Task<GrainState<LedgerState>> Read(IGrainStorage storage)
    {
        var state = new GrainState<LedgerState>();
        await storage.ReadStateAsync("s", Grain, state);
        return state;
    }
}

public sealed class InMemoryStorageTests : StorageContract
{
    protected override Task With(Func<IGrainStorage, Task> test) => test(new InMemoryStorage());
}

public sealed class SqliteContractTests : StorageContract
{
    protected override async Task With(Func<IGrainStorage, Task> test)
    {
        using var folder = new StoreFolder();
        await using var storage = await folder.Open();
        await test(storage);
    }
}
