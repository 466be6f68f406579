using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Grains.Services;
using Mesh.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Mesh.Grains.Tests;

public class HintTests
{
    [Fact]
    public async Task Watchers_of_a_service_are_told_the_version_and_the_cause_of_each_change()
    {
        using var source = new ActivitySource("test");
        using var listener = new ActivityListener { ShouldListenTo = _ => true, Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData };
        ActivitySource.AddActivityListener(listener);
        await using var mesh = await TestMesh.Start();
        var watcher = new Watcher();
        var reference = mesh.Grains.CreateObjectReference<IServiceObserver>(watcher);
        await mesh.RegisterMany(10);
        await mesh.Service().Watch(reference);

        using var activity = source.StartActivity("report");
        var answer = await mesh.Fails("e1");

        await Eventually.True(() => watcher.Hints.Any(hint => hint.Version == answer.Version), "the hint arrives");
        var told = watcher.Hints.Single(hint => hint.Version == answer.Version);
        Assert.Equal(TestMesh.Cart, told.Service);
        Assert.Contains(activity!.TraceId.ToString(), told.TraceParent, StringComparison.Ordinal);
        Assert.Contains(activity.TraceId.ToString(), (await mesh.Snapshot()).Cause, StringComparison.Ordinal);
        GC.KeepAlive(watcher);
    }

    [Fact]
    public async Task A_watch_that_is_not_renewed_expires_and_one_that_is_does_not()
    {
        await using var mesh = await TestMesh.Start();
        var (lazy, keen) = (new Watcher(), new Watcher());
        var keenReference = mesh.Grains.CreateObjectReference<IServiceObserver>(keen);
        await mesh.Service().Watch(mesh.Grains.CreateObjectReference<IServiceObserver>(lazy));
        await mesh.Service().Watch(keenReference);
        await mesh.Register("a");
        await Eventually.True(() => lazy.Hints.Count == 1 && keen.Hints.Count == 1, "both are told");

        mesh.Time.Advance(MeshLimits.ObserverLease / 2);
        await mesh.Service().Watch(keenReference);
        mesh.Time.Advance(MeshLimits.ObserverLease / 2 + TimeSpan.FromSeconds(1));
        await mesh.Register("b");

        await Eventually.True(() => keen.Hints.Count == 2, "the one that renewed is told");
        Assert.Single(lazy.Hints);
        GC.KeepAlive(lazy);
    }

    [Fact]
    public async Task A_watcher_that_throws_harms_nobody()
    {
        await using var mesh = await TestMesh.Start();
        var (bad, good) = (new Watcher { Throws = true }, new Watcher());
        await mesh.Service().Watch(mesh.Grains.CreateObjectReference<IServiceObserver>(bad));
        await mesh.Service().Watch(mesh.Grains.CreateObjectReference<IServiceObserver>(good));

        await mesh.Register("a");
        await mesh.Register("b");

        await Eventually.True(() => good.Hints.Count == 2, "the good one is told of both");
        Assert.Equal(2, (await mesh.Snapshot()).Endpoints.Length);
        GC.KeepAlive(bad);
    }

    [Fact]
    public async Task After_an_unwatch_nothing_is_told()
    {
        await using var mesh = await TestMesh.Start();
        var (gone, stays) = (new Watcher(), new Watcher());
        var reference = mesh.Grains.CreateObjectReference<IServiceObserver>(gone);
        await mesh.Service().Watch(reference);
        await mesh.Service().Watch(mesh.Grains.CreateObjectReference<IServiceObserver>(stays));
        await mesh.Service().Unwatch(reference);

        await mesh.Register("a");

        await Eventually.True(() => stays.Hints.Count == 1, "the one that stays is told");
        Assert.Empty(gone.Hints);
        GC.KeepAlive(gone);
    }

    [Fact]
    public async Task A_hint_that_an_endpoint_could_not_send_costs_only_time()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(3);
        // Its state changes, and nobody tells the service.
        await mesh.Member("e1").Drain(TrafficPolicy.Default);
        Assert.Equal(HealthStatus.Healthy, await mesh.Status("e1"));

        mesh.Time.Advance(new GrainSettings().LookAgain);

        await mesh.Becomes("e1", HealthStatus.Draining);
    }

    [Fact]
    public async Task With_more_endpoints_than_the_silo_looks_at_in_the_period_the_period_grows()
    {
        var settings = new GrainSettings { LooksPerSecond = 1 };
        await using var mesh = await TestMesh.Start(settings: settings);
        await mesh.RegisterMany(90);
        var looks = mesh.Services.GetRequiredService<LookBudget>();
        await Eventually.True(
            () =>
            {
                mesh.Time.Advance(TimeSpan.FromSeconds(30));
                return looks.Stretch == 3;
            },
            "the service has counted its endpoints");

        await mesh.Member("e1").Drain(TrafficPolicy.Default);
        await Eventually.True(
            async () =>
            {
                mesh.Time.Advance(TimeSpan.FromSeconds(10));
                return await mesh.Status("e1") == HealthStatus.Draining;
            },
            "it is found all the same");
    }

    [Fact]
    public async Task A_large_service_looks_again_in_portions_and_at_all_of_its_endpoints()
    {
        var settings = new GrainSettings { LookPortion = 7 };
        await using var mesh = await TestMesh.Start(settings: settings);
        await mesh.RegisterMany(50);
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => mesh.Member($"e{i}").Drain(TrafficPolicy.Default)));

        // Each portion ends before the next is due, or the clock would run away from it.
        await Eventually.True(
            async () =>
            {
                mesh.Time.Advance(TimeSpan.FromSeconds(1));
                return (await mesh.Snapshot()).Endpoints.All(endpoint => endpoint.Status == HealthStatus.Draining);
            },
            "all have been looked at");
    }

    [Fact]
    public async Task An_endpoint_whose_registration_was_cut_short_is_found_when_it_renews()
    {
        var first = await TestMesh.Start();
        await first.Register("a");
        await first.Member("b").Register(TestMesh.Registration("b", "i1"), TrafficPolicy.Default);
        await using var mesh = await first.Restart();
        Assert.Null(await mesh.Status("b"));

        Assert.True((await mesh.Endpoint("b").Renew("i1")).Ok);

        await mesh.Becomes("b", HealthStatus.Healthy);
    }

    [Fact]
    public async Task A_member_whose_endpoint_is_gone_is_struck_off()
    {
        var first = await TestMesh.Start();
        await first.RegisterMany(3);
        await first.Member("e1").Remove((await first.Endpoint("e1").Get())!.RegisteredAt);
        Assert.NotNull(await first.Status("e1"));

        await using var mesh = await first.Restart();

        Assert.Equal(["e0", "e2"], (await mesh.Snapshot()).Endpoints.Select(endpoint => endpoint.Id));
    }

    [Fact]
    public async Task Watchers_of_the_catalog_are_told_of_what_comes_and_goes()
    {
        await using var mesh = await TestMesh.Start();
        var watcher = new CatalogWatcher();
        var page = await mesh.Catalog(TestMesh.Cart.ToString()).Watch(mesh.Grains.CreateObjectReference<ICatalogObserver>(watcher));
        Assert.Empty(page.Services);

        await mesh.Register("a");
        await Eventually.True(() => watcher.Hints.Contains((CatalogShard.Of("shop/cart"), 1)), "the first is told");
        await mesh.Service().Deregister("a", null);
        await Eventually.True(() => watcher.Hints.Contains((CatalogShard.Of("shop/cart"), 2)), "the second is told");
        GC.KeepAlive(watcher);
    }

    private sealed class Watcher : IServiceObserver
    {
        public ConcurrentQueue<(ServiceId Service, SnapshotVersion Version, string? TraceParent)> Hints { get; } = new();

        public ConcurrentQueue<LedgerEntry> Entries { get; } = new();

        public bool Throws { get; init; }

        public Task LedgerEntered(ServiceId service, ImmutableArray<LedgerEntry> entries)
        {
            foreach (var entry in entries)
            {
                Entries.Enqueue(entry);
            }

            return Task.CompletedTask;
        }

        public Task ServiceChanged(ServiceId service, SnapshotVersion version, string? traceParent)
        {
            Hints.Enqueue((service, version, traceParent));
            return Throws ? throw new InvalidOperationException("A bad watcher, says the test.") : Task.CompletedTask;
        }
    }

    private sealed class CatalogWatcher : ICatalogObserver
    {
        public ConcurrentQueue<(int Shard, long Version)> Hints { get; } = new();

        public Task CatalogChanged(int shard, long version)
        {
            Hints.Enqueue((shard, version));
            return Task.CompletedTask;
        }
    }
}
