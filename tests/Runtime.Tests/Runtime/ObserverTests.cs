using System.Collections.Concurrent;
using Mesh.Runtime.Tests.Grains;
using Mesh.Testing;
using Xunit;

namespace Mesh.Runtime.Tests.Runtime;

public class ObserverTests
{
    [Fact]
    public async Task An_observer_gets_every_hint_in_order_and_one_at_a_time()
    {
        await using var host = await GrainHost.StartAsync();
        var (news, reader) = (host.Grains.GetGrain<INews>("a"), new Reader());
        await news.Subscribe(host.Grains.CreateObjectReference<IReader>(reader));
        for (var i = 0; i < 100; i++)
        {
            await news.Publish(i);
        }

        await Eventually.True(() => reader.Read.Count == 100, "all hints arrive");
        Assert.Equal(Enumerable.Range(0, 100), reader.Read);
        Assert.Equal(1, reader.MostInside);
        GC.KeepAlive(reader);
    }

    [Fact]
    public async Task No_hint_overtakes_another_however_fast_they_come()
    {
        await using var host = await GrainHost.StartAsync();
        var reader = new Reader();
        var reference = host.Grains.CreateObjectReference<IReader>(reader);
        for (var i = 0; i < 50_000; i++)
        {
            await reference.Read(i);
        }

        await Eventually.True(() => reader.Read.Count == 50_000, "all hints arrive");
        Assert.Equal(Enumerable.Range(0, 50_000), reader.Read);
        GC.KeepAlive(reader);
    }

    [Fact]
    public async Task An_observer_may_answer()
    {
        await using var host = await GrainHost.StartAsync();
        var reader = new Reader();
        var reference = host.Grains.CreateObjectReference<IReader>(reader);
        Assert.Equal("why? because", await host.Grains.GetGrain<INews>("a").Ask(reference, "why?"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => host.Grains.GetGrain<INews>("a").Ask(reference, "fail"));
        GC.KeepAlive(reader);
    }

    [Fact]
    public async Task Subscribing_again_renews_and_who_does_not_is_forgotten()
    {
        await using var host = await GrainHost.StartAsync();
        var news = host.Grains.GetGrain<INews>("a");
        var (faithful, gone) = (new Reader(), new Reader());
        var reference = host.Grains.CreateObjectReference<IReader>(faithful);
        Assert.Equal(1, await news.Subscribe(reference));
        Assert.Equal(2, await news.Subscribe(host.Grains.CreateObjectReference<IReader>(gone)));
        host.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(2, await news.Subscribe(reference));
        host.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(1, await news.Publish(1));
        await Eventually.True(() => faithful.Read.Count == 1, "the hint arrives");
        Assert.Empty(gone.Read);
        await news.Unsubscribe(reference);
        Assert.Equal(0, await news.Publish(2));
        GC.KeepAlive(faithful);
        GC.KeepAlive(gone);
    }

    [Fact]
    public async Task Hints_to_a_deleted_reference_go_nowhere()
    {
        await using var host = await GrainHost.StartAsync();
        var news = host.Grains.GetGrain<INews>("a");
        var (deleted, other) = (new Reader(), new Reader());
        var reference = host.Grains.CreateObjectReference<IReader>(deleted);
        await news.Subscribe(reference);
        await news.Subscribe(host.Grains.CreateObjectReference<IReader>(other));
        host.Grains.DeleteObjectReference<IReader>(reference);
        await news.Publish(1);
        await Eventually.True(() => other.Read.Count == 1, "the other one gets it");
        Assert.Empty(deleted.Read);
        Assert.Throws<ArgumentException>(() => host.Grains.DeleteObjectReference<IReader>(reference));
        Assert.Throws<ArgumentException>(() => host.Grains.CreateObjectReference<IReader>(reference));
        GC.KeepAlive(deleted);
        GC.KeepAlive(other);
    }

    private sealed class Reader : IReader
    {
        private int _inside;

        public ConcurrentQueue<int> Read { get; } = new();

        public int MostInside { get; private set; }

        async Task IReader.Read(int number)
        {
            MostInside = Math.Max(MostInside, Interlocked.Increment(ref _inside));
            await Task.Yield();
            Read.Enqueue(number);
            Interlocked.Decrement(ref _inside);
        }

        public Task<string> Answer(string question) =>
            question == "fail" ? throw new InvalidOperationException("no answer") : Task.FromResult($"{question} because");
    }
}
