using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Snapshots;
using Mesh.Gateway.View;
using Mesh.Grains.Cluster;
using Mesh.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.Gateway.Tests.View;

/// <summary>A gateway that gets no hint at all, on a clock that a test moves.</summary>
public sealed class NewsTests : IAsyncDisposable
{
    private static readonly ServiceId Greeter = ServiceId.Parse("default/greeter");
    private static readonly ServiceId Other = ServiceId.Parse("default/other");
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    private readonly TableSource _source = new();
    private readonly ManualTimeProvider _time = new();
    private readonly Dictionary<ServiceId, long> _seats = [];
    private MeshView _view;

    // The clock runs ahead of what it starts, as fast as the machine lets it: nobody is to be found silent or out of touch for that, but where a test is about it.
    public NewsTests() => _view = View(silentAfter: TimeSpan.FromDays(1), staleAfter: TimeSpan.FromDays(1));

    [Fact]
    public async Task A_change_that_no_hint_told_of_is_known_a_second_later()
    {
        await StartWith(Greeter, Other);
        Put(Greeter, new(1, 2), "a", "y");
        await Within(TimeSpan.FromSeconds(1.2), () => _view.Find(Greeter)!.Version == new SnapshotVersion(1, 2));
        Assert.Equal(1, _source.ReadsOf[Other]);
    }

    [Fact]
    public async Task While_nothing_changes_no_service_is_read()
    {
        await StartWith(Greeter, Other);
        await Pass(TimeSpan.FromSeconds(50));
        Assert.Equal(2, _source.Reads);
    }

    [Fact]
    public async Task A_new_service_of_which_the_catalogs_hint_was_lost_is_known_a_second_later()
    {
        var shard = CatalogShard.Of(Other.ToString());
        await StartWith(Greeter);
        _source.Put(TableSource.Snapshot(Other.ToString(), 1, "x"));
        _source.Silos["a"].Publish(shard, 0, 2);
        await Within(TimeSpan.FromSeconds(1.2), () => _view.Find(Other) is not null);
    }

    [Fact]
    public async Task A_shard_that_has_moved_is_watched_anew_though_nothing_in_it_changed()
    {
        await StartWith(Greeter);
        var seat = _source.Silos["a"].Publish(3, 0, 1);
        await Eventually([() => _source.ReadsOfShard[3] == 2]);
        _source.Silos["b"] = new SiloBoard();
        _source.Silos["b"].Publish(3, 0, 1);
        _source.Silos["a"].Leave(3, seat);
        await Eventually([() => _source.ReadsOfShard[3] > 2]);
        Assert.Equal(1, _source.ReadsOfShard[4]);
    }

    [Fact]
    public async Task A_service_that_has_moved_is_watched_anew_as_the_new_activation_knows_nobody()
    {
        await StartWith(Greeter);
        Assert.Equal(1, _source.Watched[Greeter]);
        _source.Silos["b"] = new SiloBoard();
        Put(Greeter, new(2, 1), "b");
        await Eventually([() => _source.Watched[Greeter] == 2, () => _view.Find(Greeter)!.Version.Epoch == 2]);
    }

    [Fact]
    public async Task What_lived_on_a_silo_that_is_gone_is_called_at_once_and_so_wakes_elsewhere()
    {
        _source.Silos["b"] = new SiloBoard();
        var many = Enumerable.Range(0, 300).Select(i => ServiceId.Parse($"default/s{i}")).ToArray();
        await StartWith([Greeter, .. many]);
        foreach (var service in many)
        {
            Put(service, new(2, 1), "b");
        }

        await Eventually([() => many.All(service => _source.Watched[service] == 2)]);
        var before = _source.ReadsOf.ToDictionary();
        _source.Silos.TryRemove("b", out _);

        await Within(TimeSpan.FromSeconds(1), () => many.All(service => _source.ReadsOf[service] > before[service]));
        Assert.Equal(before[Greeter], _source.ReadsOf[Greeter]);
    }

    [Fact]
    public async Task A_service_that_left_its_silo_is_called_so_that_somebody_looks_after_its_endpoints()
    {
        await StartWith(Greeter);
        var before = _source.ReadsOf[Greeter];
        _source.Silos["a"].Leave(Greeter, _seats[Greeter]);
        await Eventually([() => _source.ReadsOf[Greeter] > before]);
    }

    [Fact]
    public async Task An_answer_that_is_older_than_what_a_silo_told_of_is_not_shown_and_the_service_is_asked_again()
    {
        await StartWith(Greeter);
        var hold = TableSource.Snapshot(Greeter.ToString(), new SnapshotVersion(1, 1), "x");
        // The board knows of the next activation, and the directory still leads to the last one.
        _source.Put(hold);
        _seats[Greeter] = _source.Silos["a"].Publish(Greeter, 0, new(2, 7));
        await Eventually([() => _source.ReadsOf[Greeter] >= 3]);
        Assert.Equal(new SnapshotVersion(1, 1), _view.Find(Greeter)!.Version);
        _source.Put(TableSource.Snapshot(Greeter.ToString(), new SnapshotVersion(2, 7), "y"));
        await Eventually([() => _view.Find(Greeter)!.Version == new SnapshotVersion(2, 7)]);
        _source.Put(hold);
        await _view.Refresh(Greeter, default);
        Assert.Equal(new SnapshotVersion(2, 7), _view.Find(Greeter)!.Version);
    }

    [Fact]
    public async Task A_silo_that_does_not_answer_is_tried_with_one_service_at_a_time_and_when_that_has_moved_all_are_called()
    {
        foreach (var silo in new[] { "b", "c" })
        {
            _source.Silos[silo] = new SiloBoard();
        }

        var many = Enumerable.Range(0, 40).Select(i => ServiceId.Parse($"default/s{i}")).ToArray();
        _view = View(silentAfter: TimeSpan.FromMinutes(1), staleAfter: TimeSpan.FromDays(1));
        await StartWith(many);
        foreach (var service in many)
        {
            Put(service, new(2, 1), "b");
        }

        await Eventually([() => many.All(service => _source.Watched[service] == 2)]);
        var frozen = new TaskCompletionSource();
        _source.BeforeNews = silo => silo == "b" ? frozen.Task : Task.CompletedTask;
        _source.BeforeRead = _ => frozen.Task;
        var before = _source.Reads;
        await Eventually([() => _source.Reads - before >= 4]);
        Assert.InRange(_source.Reads - before, 4, many.Length / 2);

        _source.BeforeRead = _ => Task.CompletedTask;
        var reads = _source.ReadsOf.ToDictionary();
        await Eventually([() => many.All(service => _source.ReadsOf[service] > reads[service])]);
    }

    [Fact]
    public async Task Without_news_it_is_out_of_touch_and_it_is_back_only_when_what_had_changed_has_been_fetched()
    {
        _view = View(silentAfter: TimeSpan.FromDays(1), staleAfter: TimeSpan.FromMinutes(1));
        await StartWith(Greeter, Other);
        var frozen = new TaskCompletionSource();
        _source.BeforeNews = _ => frozen.Task;
        _source.BeforeMembers = () => frozen.Task;
        _time.Advance(TimeSpan.FromSeconds(90));
        Assert.False(_view.Ready);
        Assert.True(_view.Complete);
        Assert.True(_view.NewsAge >= TimeSpan.FromSeconds(90));
        Assert.False(await Moving(_view.UntilReady(_time, default)));

        Put(Greeter, new(1, 2), "a", "y");
        var slow = new TaskCompletionSource();
        _source.BeforeRead = service => service == Greeter ? slow.Task : Task.CompletedTask;
        _source.BeforeNews = _ => Task.CompletedTask;
        _source.BeforeMembers = () => Task.CompletedTask;
        frozen.SetResult();
        var before = _source.ReadsOf[Greeter];
        await Eventually([() => _source.ReadsOf[Greeter] > before]);
        await Pass(TimeSpan.FromSeconds(2));
        await Eventually([() => _view.NewsAge < TimeSpan.FromMinutes(1)]);
        Assert.False(_view.Ready);

        slow.SetResult();
        await Eventually([() => _view.Ready]);
        Assert.Equal(new SnapshotVersion(1, 2), _view.Find(Greeter)!.Version);
        Assert.True(await _view.UntilReady(_time, default));
    }

    [Fact]
    public async Task A_gateway_that_is_cut_off_with_its_own_silo_is_out_of_touch()
    {
        _source.Silos["b"] = new SiloBoard();
        _source.Silos["c"] = new SiloBoard();
        _view = View(silentAfter: TimeSpan.FromMinutes(1), staleAfter: TimeSpan.FromMinutes(2));
        await StartWith(Greeter);
        _source.BeforeNews = silo => silo == "a" ? Task.CompletedTask : throw new TimeoutException("cut off");
        await Eventually([() => !_view.Ready]);
        _source.BeforeNews = _ => Task.CompletedTask;
        await Eventually([() => _view.Ready]);
    }

    public async ValueTask DisposeAsync()
    {
        await _view.StopAsync(default);
        _view.Dispose();
    }

    private MeshView View(TimeSpan silentAfter, TimeSpan staleAfter) => new(
        _source,
        new ViewOptions { Reread = TimeSpan.FromDays(1), SilentAfter = silentAfter, StaleAfter = staleAfter },
        _time,
        NullLogger<MeshView>.Instance);

    private async Task StartWith(params ServiceId[] services)
    {
        foreach (var service in services)
        {
            Put(service, new(1, 1), "a");
        }

        await _view.StartAsync(default);
        await Eventually([() => _view.Ready]);
        // Everything on the board has been read once.
        await Pass(TimeSpan.FromSeconds(2));
    }

    private void Put(ServiceId service, SnapshotVersion version, string silo, string endpoint = "x")
    {
        _source.Put(TableSource.Snapshot(service.ToString(), version, endpoint));
        var isNew = _view.Find(service)?.Version.Epoch != version.Epoch;
        _seats[service] = _source.Silos[silo].Publish(service, isNew ? 0 : _seats[service], version);
    }

    /// <summary>Lets time go by in small steps, with room in between for what it starts.</summary>
    private async Task Pass(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += Step)
        {
            _time.Advance(Step);
            await Task.Delay(1);
        }
    }

    private async Task Within(TimeSpan limit, Func<bool> condition)
    {
        // What a step starts may end a little later than the step; what matters is that no more time of the clock is needed.
        await Pass(limit);
        await Gateway.Tests.Eventually.True(condition);
    }

    private async Task Eventually(Func<bool>[] conditions) => await Gateway.Tests.Eventually.True(() =>
    {
        _time.Advance(Step);
        return Array.TrueForAll(conditions, condition => condition());
    });

    private async Task<T> Moving<T>(Task<T> task)
    {
        await Eventually([() => task.IsCompleted]);
        return await task;
    }
}
