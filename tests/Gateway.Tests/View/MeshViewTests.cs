using System.Collections.Concurrent;
using System.Diagnostics;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Gateway.Telemetry;
using Mesh.Gateway.View;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Mesh.Gateway.Tests.View;

public sealed class MeshViewTests : IAsyncDisposable
{
    private static readonly ServiceId Greeter = ServiceId.Parse("default/greeter");
    private static readonly ServiceId Other = ServiceId.Parse("default/other");

    private readonly TableSource _source = new();
    private readonly ConcurrentQueue<SnapshotChange> _changes = new();
    private readonly MeshView _view;

    public MeshViewTests()
    {
        _view = new(
            _source,
            new ViewOptions { MinBackoff = TimeSpan.FromMilliseconds(1), MaxBackoff = TimeSpan.FromMilliseconds(5) },
            TimeProvider.System,
            NullLogger<MeshView>.Instance);
        _view.Subscribe(_changes.Enqueue);
    }

    [Fact]
    public async Task It_is_ready_once_everything_that_is_listed_has_been_read()
    {
        var gate = new TaskCompletionSource();
        _source.Put(TableSource.Snapshot("default/greeter", 1, "a"));
        _source.Put(TableSource.Snapshot("default/other", 1, "b"));
        _source.BeforeRead = service => service == Other ? gate.Task : Task.CompletedTask;
        await _view.StartAsync(default);
        await Eventually.True(() => _view.Find(Greeter) is not null);
        Assert.False(_view.Ready);
        gate.SetResult();
        await Eventually.True(() => _view.Ready);
        Assert.Equal([Greeter, Other], _view.Services.Keys);
    }

    [Fact]
    public async Task One_service_that_cannot_be_read_does_not_keep_the_others_from_being_served_and_comes_when_it_can()
    {
        var broken = true;
        foreach (var name in (ReadOnlySpan<string>)["default/greeter", "default/other", "default/third"])
        {
            _source.Put(TableSource.Snapshot(name, 1, "a"));
        }

        _source.BeforeRead = service => service == Other && Volatile.Read(ref broken) ? throw new TimeoutException("no answer") : Task.CompletedTask;
        await _view.StartAsync(default);
        await Eventually.True(() => _view.Ready);
        Assert.Equal(2, _view.Services.Count);
        Volatile.Write(ref broken, false);
        await Eventually.True(() => _view.Find(Other) is not null);
    }

    [Fact]
    public async Task It_is_not_ready_while_half_of_the_services_cannot_be_read()
    {
        var failures = 0;
        _source.Put(TableSource.Snapshot("default/greeter", 1, "a"));
        _source.Put(TableSource.Snapshot("default/other", 1, "b"));
        _source.BeforeRead = service => service == Other && Interlocked.Increment(ref failures) > 0 ? throw new TimeoutException("no answer") : Task.CompletedTask;
        await _view.StartAsync(default);
        await Eventually.True(() => failures > 3 * new ViewOptions().Patience && _view.Find(Greeter) is not null);
        Assert.False(_view.Ready);
    }

    [Fact]
    public async Task It_is_not_ready_while_a_shard_of_the_catalog_does_not_answer_and_becomes_ready_when_it_does()
    {
        var failures = 0;
        _source.BeforeCatalogRead = shard =>
            shard == 3 && Interlocked.Increment(ref failures) <= 3 ? throw new TimeoutException("no answer") : Task.CompletedTask;
        await _view.StartAsync(default);
        await Eventually.True(() => _view.Ready);
        Assert.True(failures > 3);
    }

    [Fact]
    public async Task A_hint_brings_the_newer_snapshot_and_carries_its_cause_to_the_subscribers()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == MeshTelemetry.Name,
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        await StartWith(TableSource.Snapshot("default/greeter", 1, "a"));
        _source.Put(TableSource.Snapshot("default/greeter", 2, "a", "b"));
        const string cause = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        _source.Hints.ServiceChanged(Greeter, new(1, 2), cause);
        await Eventually.True(() => _changes.Count == 2);
        var change = _changes.Last();
        Assert.Equal(2, change.After!.Version.Number);
        Assert.Equal(1, change.Before!.Version.Number);
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", change.TraceParent, StringComparison.Ordinal);
        Assert.NotEqual(cause, change.TraceParent);
    }

    [Fact]
    public async Task It_never_goes_back_to_an_older_version()
    {
        await StartWith(TableSource.Snapshot("default/greeter", 5, "a"));
        _source.Put(TableSource.Snapshot("default/greeter", 4));
        await _view.Refresh(Greeter, default);
        Assert.Equal(5, _view.Find(Greeter)!.Version.Number);
        Assert.Single(_changes);
    }

    [Fact]
    public async Task A_storm_of_hints_costs_one_pull_under_way_and_one_after_it()
    {
        await StartWith(TableSource.Snapshot("default/greeter", 1, "a"));
        var gate = new TaskCompletionSource();
        var began = new TaskCompletionSource();
        _source.BeforeRead = _ =>
        {
            began.TrySetResult();
            return gate.Task;
        };
        (_source.Reads, _source.MostReadsUnderWay) = (0, 0);
        _source.Hints.ServiceChanged(Greeter, new(1, 2), null);
        await began.Task;
        for (var number = 3; number <= 1000; number++)
        {
            _source.Hints.ServiceChanged(Greeter, new(1, number), null);
        }

        _source.Put(TableSource.Snapshot("default/greeter", 1000, "a"));
        gate.SetResult();
        await Eventually.True(() => _view.Find(Greeter)!.Version.Number == 1000);
        await _view.Refresh(Greeter, default);
        Assert.Equal(1, _source.MostReadsUnderWay);
        Assert.InRange(_source.Reads, 2, 3);
    }

    [Fact]
    public async Task A_read_that_fails_is_tried_again_until_it_succeeds()
    {
        await StartWith(TableSource.Snapshot("default/greeter", 1, "a"));
        var failures = 0;
        _source.BeforeRead = _ => ++failures <= 4 ? throw new TimeoutException("no answer") : Task.CompletedTask;
        _source.Put(TableSource.Snapshot("default/greeter", 2, "a"));
        _source.Hints.ServiceChanged(Greeter, new(1, 2), null);
        await Eventually.True(() => _view.Find(Greeter)!.Version.Number == 2);
        Assert.True(failures >= 5);
    }

    [Fact]
    public async Task A_service_that_is_gone_leaves_the_view_and_may_come_back_with_any_version()
    {
        await StartWith(TableSource.Snapshot("default/greeter", 7, "a"));
        _source.Remove(Greeter);
        _source.Hints.CatalogChanged(CatalogShard.Of(Greeter.ToString()));
        await Eventually.True(() => _view.Find(Greeter) is null);
        _source.Put(TableSource.Snapshot("default/greeter", 1, "b"));
        _source.Hints.CatalogChanged(CatalogShard.Of(Greeter.ToString()));
        await Eventually.True(() => _view.Find(Greeter) is not null);
        Assert.Equal(["a", null, "b"], _changes.Select(change => change.After?.Endpoints[0].Id));
    }

    [Fact]
    public async Task Refresh_reads_a_service_that_the_catalog_does_not_list_yet()
    {
        await StartWith(TableSource.Snapshot("default/greeter", 1, "a"));
        _source.Put(TableSource.Snapshot("default/other", 1, "b"), listed: false);
        await _view.Refresh(Other, default);
        Assert.NotNull(_view.Find(Other));
    }

    [Fact]
    public async Task Refresh_returns_after_a_failed_read_because_the_write_stands()
    {
        await StartWith(TableSource.Snapshot("default/greeter", 1, "a"));
        _source.BeforeRead = _ => throw new TimeoutException("no answer");
        await _view.Refresh(Greeter, default).WaitAsync(Eventually.Limit);
        Assert.Equal(1, _view.Find(Greeter)!.Version.Number);
    }

    [Fact]
    public async Task A_subscriber_that_throws_does_not_keep_the_others_from_being_told()
    {
        var told = 0;
        _view.Subscribe(_ => throw new InvalidOperationException("broken"));
        _view.Subscribe(_ => told++);
        await StartWith(TableSource.Snapshot("default/greeter", 1, "a"));
        await Eventually.True(() => told == 1);
    }

    [Fact]
    public async Task Who_unsubscribes_is_told_no_more()
    {
        var told = 0;
        _view.Subscribe(_ => told++).Dispose();
        await StartWith(TableSource.Snapshot("default/greeter", 1, "a"));
        Assert.Equal(0, told);
    }

    public async ValueTask DisposeAsync()
    {
        await _view.StopAsync(default);
        _view.Dispose();
    }

    private async Task StartWith(Core.Snapshots.ServiceSnapshot snapshot)
    {
        _source.Put(snapshot);
        await _view.StartAsync(default);
        await Eventually.True(() => _view.Ready);
    }
}
