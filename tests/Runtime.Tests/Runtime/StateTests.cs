using Mesh.Runtime.Tests.Grains;
using Mesh.Testing;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using Xunit;

namespace Mesh.Runtime.Tests.Runtime;

public class StateTests
{
    [Fact]
    public async Task A_state_is_there_before_the_first_call_and_outlives_the_silo()
    {
        var storage = new InMemoryStorage();
        await using (var host = await GrainHost.StartAsync(storage))
        {
            var grain = host.Grains.GetGrain<ILedger>("a");
            Assert.Equal("exists: False, etag: none, notes: False", await grain.Describe());
            await grain.Add(5);
            Assert.Equal("exists: True, etag: some, notes: False", await grain.Describe());
        }

        await using (var host = await GrainHost.StartAsync(storage))
        {
            Assert.Equal(5, await host.Grains.GetGrain<ILedger>("a").Total());
            Assert.Equal(0, await host.Grains.GetGrain<ILedger>("b").Total());
        }

        Assert.Equal(["ledger/ledger/a"], storage.Records);
    }

    [Fact]
    public async Task A_state_that_is_not_what_storage_holds_fails_the_call_and_ends_the_activation()
    {
        var storage = new InMemoryStorage();
        await using var host = await GrainHost.StartAsync(storage);
        var grain = host.Grains.GetGrain<ILedger>("a");
        await grain.Add(5);
        storage.Disturb("ledger", grain.GetGrainId());
        await Assert.ThrowsAsync<InconsistentStateException>(() => grain.Add(1));
        await Eventually.True(async () => await grain.Total() == 5, "a new activation reads what storage holds");
        await grain.Add(1);
        Assert.Equal(6, await grain.Total());
    }

    [Fact]
    public async Task A_storage_that_fails_fails_the_call_and_leaves_the_activation()
    {
        var storage = new InMemoryStorage();
        await using var host = await GrainHost.StartAsync(storage);
        var grain = host.Grains.GetGrain<ILedger>("a");
        await grain.Add(5);
        storage.BeforeWrite = (_, _) => throw new IOException("the disk is gone");
        var failure = await Assert.ThrowsAsync<OrleansException>(() => grain.Add(1));
        Assert.Contains("the disk is gone", failure.ToString(), StringComparison.Ordinal);
        Assert.Equal(6, await grain.Total());
        storage.BeforeWrite = null;
        await grain.Reload();
        Assert.Equal(5, await grain.Total());
    }

    [Fact]
    public async Task Writes_that_interleave_run_one_after_another_and_the_last_word_is_stored()
    {
        var storage = new InMemoryStorage();
        await using (var host = await GrainHost.StartAsync(storage))
        {
            var grain = host.Grains.GetGrain<ILedger>("a");
            await Eventually.Done(Task.WhenAll(Enumerable.Range(0, 50).Select(_ => grain.AddInterleaved(1))));
            Assert.Equal(50, await grain.Total());
        }

        await using (var host = await GrainHost.StartAsync(storage))
        {
            Assert.Equal(50, await host.Grains.GetGrain<ILedger>("a").Total());
        }
    }

    [Fact]
    public async Task A_cleared_state_starts_anew()
    {
        var storage = new InMemoryStorage();
        await using var host = await GrainHost.StartAsync(storage);
        var grain = host.Grains.GetGrain<ILedger>("a");
        await grain.Add(5);
        await grain.Clear();
        Assert.Equal("exists: False, etag: none, notes: False", await grain.Describe());
        Assert.Empty(storage.Records);
        await grain.Add(2);
        Assert.Equal(2, await grain.Total());
    }

    [Fact]
    public async Task A_state_cannot_be_touched_from_outside_its_activation()
    {
        await using var host = await GrainHost.StartAsync();
        Assert.Equal("refused", await host.Grains.GetGrain<ILedger>("a").TouchFromOutside());
    }
}
