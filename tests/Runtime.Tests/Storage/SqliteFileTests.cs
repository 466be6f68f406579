using System.Diagnostics.Metrics;
using Mesh.Runtime.Tests.Grains;
using Mesh.Storage;
using Mesh.Testing;
using Microsoft.Data.Sqlite;
using Orleans;
using Orleans.Runtime;
using Xunit;

namespace Mesh.Runtime.Tests.Storage;

public class SqliteFileTests
{
    [Fact]
    public async Task Grains_find_in_the_file_what_an_earlier_silo_wrote()
    {
        using var folder = new StoreFolder();
        for (var total = 1; total <= 3; total++)
        {
            await using var host = await GrainHost.StartAsync(
                storageName: "unused", configure: silo => silo.AddSqliteGrainStorage("mesh", options => options.Path = folder.Database));
            var grain = host.Grains.GetGrain<ILedger>("a");
            await grain.Add(1);
            Assert.Equal(total, await grain.Total());
        }
    }

    [Fact]
    public async Task Many_grains_write_at_once_and_every_last_word_is_kept()
    {
        using var folder = new StoreFolder();
        await using (var storage = await folder.Open(options => options.MaxWritesPerCommit = 16))
        {
            await Eventually.Done(Task.WhenAll(Enumerable.Range(0, 100).Select(i => Task.Run(async () =>
            {
                var record = new GrainState<LedgerState>(new());
                for (var n = 1; n <= 20; n++)
                {
                    record.State!.Total = n;
                    await storage.WriteStateAsync("s", GrainId.Create("ledger", $"{i}"), record);
                }
            }))));
        }

        await using (var storage = await folder.Open())
        {
            for (var i = 0; i < 100; i++)
            {
                var record = new GrainState<LedgerState>();
                await storage.ReadStateAsync("s", GrainId.Create("ledger", $"{i}"), record);
                Assert.Equal(20, record.State!.Total);
            }
        }
    }

    [Fact]
    public async Task Of_two_who_write_the_same_record_at_once_one_wins()
    {
        using var folder = new StoreFolder();
        await using var storage = await folder.Open();
        var id = GrainId.Create("ledger", "a");
        var results = await Eventually.Done(Task.WhenAll(Enumerable.Range(0, 50).Select(async i =>
        {
            try
            {
                await storage.WriteStateAsync("s", id, new GrainState<LedgerState>(new() { Total = i }));
                return 1;
            }
            catch (Orleans.Storage.InconsistentStateException)
            {
                return 0;
            }
        })));
        Assert.Equal(1, results.Sum());
    }

    [Fact]
    public async Task When_too_many_writes_wait_one_more_is_refused_and_the_others_are_kept()
    {
        using var folder = new StoreFolder();
        await using var storage = await folder.Open(options => (options.MaxWaitingWrites, options.MaxWritesPerCommit, options.BusyTimeout) = (4, 1, TimeSpan.FromMinutes(1)));
        var writes = new List<Task>();
        StorageException? refusal = null;
        using (var other = Lock(folder.Database))
        {
            // One is with the writer, which waits for the lock; four wait; the next is refused.
            await Eventually.True(
                () =>
                {
                    var write = storage.WriteStateAsync("s", GrainId.Create("ledger", $"{writes.Count}"), new GrainState<LedgerState>(new()));
                    refusal = write.Exception?.InnerException as StorageException;
                    if (refusal is null)
                    {
                        writes.Add(write);
                    }

                    return refusal is not null;
                },
                "a write is refused");
            Assert.All(writes, write => Assert.False(write.IsCompleted));
        }

        Assert.InRange(writes.Count, 4, 5);
        Assert.Contains("4 writes wait for the disk", refusal!.Message, StringComparison.Ordinal);
        await Eventually.Done(Task.WhenAll(writes));
    }

    [Fact]
    public async Task A_second_silo_on_the_same_file_is_refused_until_the_first_is_gone()
    {
        using var folder = new StoreFolder();
        await using (await folder.Open())
        {
            var refusal = await Assert.ThrowsAsync<StorageException>(() => folder.Open());
            Assert.Contains(folder.Database, refusal.Message, StringComparison.Ordinal);
            Assert.Contains("in use by another process", refusal.Message, StringComparison.Ordinal);
        }

        await using var again = await folder.Open();
    }

    [Fact]
    public async Task A_newer_schema_is_refused_and_left_as_it_is()
    {
        using var folder = new StoreFolder();
        await (await folder.Open()).DisposeAsync();
        Run(folder.Database, "PRAGMA user_version=7");
        var before = await File.ReadAllBytesAsync(folder.Database, TestContext.Current.CancellationToken);
        await Refused(folder, "has schema 7; this program knows up to 1");
        Assert.Equal(before, await File.ReadAllBytesAsync(folder.Database, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_database_of_another_program_is_refused()
    {
        using var folder = new StoreFolder();
        Run(folder.Database, "CREATE TABLE theirs (x)");
        await Refused(folder, "of some other program");
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_with_a_remedy()
    {
        using var folder = new StoreFolder();
        await File.WriteAllTextAsync(folder.Database, new string('x', 5000), TestContext.Current.CancellationToken);
        await Refused(folder, "is damaged or is not a store");
    }

    [Fact]
    public async Task A_page_damaged_under_the_store_fails_the_read_with_the_file_s_name()
    {
        using var folder = new StoreFolder();
        var id = GrainId.Create("ledger", "a");
        await using (var storage = await folder.Open())
        {
            await storage.WriteStateAsync("s", id, new GrainState<string>(new string('x', 20_000)));
        }

        var bytes = await File.ReadAllBytesAsync(folder.Database, TestContext.Current.CancellationToken);
        bytes.AsSpan(4096).Fill(0xff);
        await File.WriteAllBytesAsync(folder.Database, bytes, TestContext.Current.CancellationToken);
        var failure = await Assert.ThrowsAsync<StorageException>(async () =>
        {
            await using var storage = await folder.Open();
            await storage.ReadStateAsync("s", id, new GrainState<string>());
        });
        Assert.Contains(folder.Database, failure.Message, StringComparison.Ordinal);
        Assert.Contains("backup", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_in_the_file_s_place_or_a_file_in_the_folder_s_is_refused()
    {
        using var folder = new StoreFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.Folder, "file"), "", TestContext.Current.CancellationToken);
        var refusal = await Assert.ThrowsAsync<StorageException>(() => folder.Open(options => options.Path = Path.Combine(folder.Folder, "file", "mesh.db")));
        Assert.Contains("its folder", refusal.Message, StringComparison.Ordinal);
        Directory.CreateDirectory(folder.Database);
        await Refused(folder, "cannot be opened");
    }

    [Fact]
    public async Task A_missing_folder_is_made()
    {
        using var folder = new StoreFolder();
        await using var storage = await folder.Open(options => options.Path = Path.Combine(folder.Folder, "new", "deep", "mesh.db"));
        Assert.True(File.Exists(Path.Combine(folder.Folder, "new", "deep", "mesh.db")));
    }

    [Fact]
    public async Task Another_program_s_lock_fails_the_write_and_not_the_store()
    {
        using var folder = new StoreFolder();
        await using var storage = await folder.Open(options => options.BusyTimeout = TimeSpan.FromSeconds(1));
        var record = new GrainState<LedgerState>(new());
        using (Lock(folder.Database))
        {
            var failure = await Assert.ThrowsAsync<StorageException>(() => storage.WriteStateAsync("s", GrainId.Create("ledger", "a"), record));
            Assert.Contains("is locked by another program", failure.Message, StringComparison.Ordinal);
        }

        await storage.WriteStateAsync("s", GrainId.Create("ledger", "a"), record);
    }

    [Fact]
    public async Task A_disk_that_fails_fails_each_write_with_the_reason_and_when_it_is_well_again_so_is_the_store()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux says which files a process has open.");
        var failed = 0L;
        using var listener = new MeterListener { InstrumentPublished = Listen };
        listener.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref failed, count));
        listener.Start();
        using var folder = new StoreFolder();
        await using var storage = await folder.Open();
        var (kept, late) = (GrainId.Create("ledger", "kept"), GrainId.Create("ledger", "late"));
        await storage.WriteStateAsync("s", kept, new GrainState<LedgerState>(new() { Total = 1 }));
        using (new BrokenDisk(folder.Database + "-wal"))
        {
            for (var i = 0; i < 3; i++)
            {
                var failure = await Assert.ThrowsAsync<StorageException>(() => storage.WriteStateAsync("s", late, new GrainState<LedgerState>(new())));
                Assert.Contains("the disk reports an error", failure.Message, StringComparison.Ordinal);
            }

            await Eventually.True(() => storage.Finding?.Failure is { } why && why.Contains("the disk reports an error", StringComparison.Ordinal), "the failure is known");
        }

        await Eventually.True(() => Interlocked.Read(ref failed) >= 3, "the failures are counted");
        await storage.WriteStateAsync("s", late, new GrainState<LedgerState>(new() { Total = 2 }));
        await Eventually.True(() => storage.Finding is { Failure: null }, "the store is known to be well");
        var read = new GrainState<LedgerState>();
        await storage.ReadStateAsync("s", kept, read);
        Assert.Equal(1, read.State!.Total);
        await storage.ReadStateAsync("s", late, read);
        Assert.Equal(2, read.State!.Total);

        static void Listen(Instrument instrument, MeterListener listener)
        {
            if (instrument.Name == "mesh.storage.failed")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        }
    }

    [Fact]
    public async Task A_store_that_is_closed_says_so()
    {
        using var folder = new StoreFolder();
        var storage = await folder.Open();
        await storage.DisposeAsync();
        var failure = await Assert.ThrowsAsync<StorageException>(() => storage.WriteStateAsync("s", GrainId.Create("a", "b"), new GrainState<LedgerState>(new())));
        Assert.Contains("is not open", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task States_are_readable_JSON_in_the_file()
    {
        using var folder = new StoreFolder();
        await using (var storage = await folder.Open())
        {
            await storage.WriteStateAsync("s", GrainId.Create("ledger", "a"), new GrainState<LedgerState>(new() { Total = 12 }));
        }

        using var connection = Connect(folder.Database);
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT grain || ' ' || state || ' ' || CAST(payload AS TEXT) FROM grain_state";
        Assert.Equal("ledger/a s {\"Total\":12}", command.ExecuteScalar());
    }

    private static async Task Refused(StoreFolder folder, string why)
    {
        var refusal = await Assert.ThrowsAsync<StorageException>(() => folder.Open());
        Assert.Contains(folder.Database, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    private static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        return connection;
    }

    private static void Run(string path, string sql)
    {
        using var connection = Connect(path);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Holds the file's write lock until it is disposed.</summary>
    private static SqliteConnection Lock(string path)
    {
        var connection = Connect(path);
        using var command = connection.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        command.ExecuteNonQuery();
        return connection;
    }
}
