using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Testing;
using Orleans;
using Xunit;

namespace Mesh.Grains.Tests;

/// <summary>The disk fails; what was acknowledged stays, and what was not can be repeated.</summary>
public class FaultTests
{
    public static TheoryData<string, Fault> Steps => new()
    {
        { "endpoint", Fault.BeforeWriting }, { "endpoint", Fault.AfterWriting },
        { "service", Fault.BeforeWriting }, { "service", Fault.AfterWriting },
        { "catalog", Fault.BeforeWriting }, { "catalog", Fault.AfterWriting },
    };

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_registration_that_failed_at_any_step_is_mended_by_its_repeat(string state, Fault fault)
    {
        await using var mesh = await TestMesh.Start();
        mesh.Storage.FailNext(state, fault);
        await Assert.ThrowsAnyAsync<Exception>(() => mesh.Register("a", "i1"));

        await mesh.Register("a", "i1");

        Assert.Equal(HealthStatus.Healthy, await mesh.Status("a"));
        Assert.True(await mesh.IsListed(TestMesh.Cart));
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_removal_that_failed_at_any_step_is_mended_by_its_repeat(string state, Fault fault)
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a", "i1");
        mesh.Storage.FailNext(state, fault);
        await Assert.ThrowsAnyAsync<Exception>(() => mesh.Service().Deregister("a", "i1"));

        await mesh.Service().Deregister("a", "i1");

        Assert.Null(await mesh.Service().GetSnapshot());
        Assert.Null(await mesh.Endpoint("a").Get());
        Assert.False(await mesh.IsListed(TestMesh.Cart));
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_registration_that_failed_at_any_step_is_mended_by_its_repeat_after_a_restart(string state, Fault fault)
    {
        var first = await TestMesh.Start();
        first.Storage.FailNext(state, fault);
        await Assert.ThrowsAnyAsync<Exception>(() => first.Register("a", "i1"));
        await using var mesh = await first.Restart();

        await mesh.Register("a", "i1");

        Assert.Equal(HealthStatus.Healthy, await mesh.Status("a"));
        Assert.True(await mesh.IsListed(TestMesh.Cart));
    }

    [Fact]
    public async Task A_failed_write_takes_down_those_who_shared_it_and_nobody_else()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("before");
        var open = new TaskCompletionSource();
        mesh.Storage.Pause = state => state == "service" ? open.Task : Task.CompletedTask;
        mesh.Storage.FailNext("service", Fault.BeforeWriting);

        var burst = Enumerable.Range(0, 20).Select(i => mesh.Service().Register(TestMesh.Registration($"e{i}"))).ToList();
        await Eventually.True(() => mesh.Storage.Writes("endpoint") == 21, "all endpoints are written");
        open.SetResult();
        await Task.WhenAll(burst).ContinueWith(_ => { }, TestContext.Current.CancellationToken);

        var accepted = burst.Where(task => task.IsCompletedSuccessfully).Select(task => task.Result.Value!.Endpoint.Id).ToHashSet();
        Assert.InRange(accepted.Count, 0, 19);
        Assert.Empty(accepted.Append("before").Except((await mesh.Snapshot()).Endpoints.Select(endpoint => endpoint.Id)));
        // The others' own rows are on disk, and the service finds them.
        await Eventually.True(async () => (await mesh.Snapshot()).Endpoints.Length == 21, "all are known in the end");
    }

    [Theory]
    [InlineData(Fault.BeforeWriting)]
    [InlineData(Fault.AfterWriting)]
    public async Task An_ejection_that_could_not_be_written_is_not_acknowledged_and_is_proposed_again(Fault fault)
    {
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(10);
        mesh.Storage.FailNext("endpoint", fault);

        Assert.Empty((await mesh.Fails("e1")).Ejected);
        await mesh.Fails("e1");

        Assert.Equal(HealthStatus.Ejected, await mesh.Status("e1"));
        Assert.Equal(HealthStatus.Ejected, (await mesh.Endpoint("e1").Get())!.Endpoint.Status);
    }

    [Fact]
    public async Task A_service_that_wakes_while_the_catalog_cannot_write_is_listed_when_it_can()
    {
        var first = await TestMesh.Start();
        first.Storage.Faults = (state, _) => state == "catalog" ? Fault.BeforeWriting : Fault.None;
        await Assert.ThrowsAnyAsync<Exception>(() => first.Register("a"));
        await using var mesh = await first.Restart();
        Assert.Equal(HealthStatus.Healthy, await mesh.Status("a"));
        Assert.False(await mesh.IsListed(TestMesh.Cart));
        mesh.Storage.Faults = (_, _) => Fault.None;

        mesh.Time.Advance(new GrainSettings().LookAgain);

        await Eventually.True(() => mesh.IsListed(TestMesh.Cart), "the service is listed");
    }

    [Fact]
    public async Task A_service_that_returns_while_it_is_struck_out_without_an_answer_is_listed_again()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a");
        var open = new TaskCompletionSource();
        mesh.Storage.Pause = state => state == "catalog" ? open.Task : Task.CompletedTask;
        mesh.Storage.FailNext("catalog", Fault.AfterWriting);
        var leaving = mesh.Service().Deregister("a", null);
        await Eventually.True(() => mesh.Storage.Writes("catalog") == 2, "the catalog strikes the service out");
        var returning = mesh.Register("b");
        await Eventually.True(async () => await mesh.Service().GetSnapshot() is not null, "the service is back");

        open.SetResult();
        await Assert.ThrowsAnyAsync<Exception>(() => leaving);
        await returning;

        Assert.True(await mesh.IsListed(TestMesh.Cart));
    }

    [Fact]
    public async Task A_service_that_the_catalog_could_not_write_is_listed_before_long_though_nobody_asks_again()
    {
        await using var mesh = await TestMesh.Start();
        mesh.Storage.FailNext("catalog", Fault.BeforeWriting);
        await Assert.ThrowsAnyAsync<Exception>(() => mesh.Register("a"));

        mesh.Time.Advance(new GrainSettings().LookAgain);

        await Eventually.True(() => mesh.IsListed(TestMesh.Cart), "the service is listed");
    }

    [Fact]
    public async Task Who_finds_that_another_activation_has_written_its_row_makes_way_and_versions_grow()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a");
        var before = (await mesh.Snapshot()).Version;
        mesh.Storage.Disturb("service", mesh.Service().GetGrainId());

        await Assert.ThrowsAnyAsync<Exception>(() => mesh.Register("b"));
        await mesh.Register("b");

        Assert.Equal(["a", "b"], (await mesh.Snapshot()).Endpoints.Select(endpoint => endpoint.Id));
        Assert.True((await mesh.Snapshot()).Version.Epoch > before.Epoch);
    }

    [Fact]
    public async Task After_a_removal_that_failed_half_way_the_service_finds_out_by_itself()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(2);
        mesh.Storage.FailNext("endpoint", Fault.BeforeWriting);

        await Assert.ThrowsAnyAsync<Exception>(() => mesh.Service().Deregister("e1", null));

        await mesh.Becomes("e1", null);
        await Eventually.True(async () => await mesh.Endpoint("e1").Get() is null, "its own row is cleared");
    }

    [Fact]
    public async Task A_removal_that_did_not_reach_the_services_row_has_not_happened()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(2);
        mesh.Storage.FailNext("service", Fault.BeforeWriting);

        await Assert.ThrowsAnyAsync<Exception>(() => mesh.Service().Deregister("e1", null));

        Assert.NotNull(await mesh.Status("e1"));
        Assert.NotNull(await mesh.Endpoint("e1").Get());
    }

    [Fact]
    public async Task An_ejection_of_which_nobody_knows_whether_it_happened_counts_against_the_budget()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(10);
        mesh.Storage.FailNext("endpoint", Fault.AfterWriting);
        mesh.Storage.CanRead = false;
        Assert.Empty((await mesh.Fails("e1")).Ejected);

        Assert.Equal(["e2"], (await mesh.Fails("e2")).Overflowed);

        mesh.Storage.CanRead = true;
        mesh.Time.Advance(new GrainSettings().LookAgain);
        // It had happened: when that is found out it has just ended.
        await Eventually.True(
            async () =>
            {
                mesh.Time.Advance(TimeSpan.FromMilliseconds(1));
                return await mesh.Status("e1") == HealthStatus.Probing;
            },
            "e1 returns from the ejection");
    }

    [Fact]
    public async Task An_expiry_that_was_written_without_an_answer_is_seen_at_once()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a", lease: TimeSpan.FromSeconds(10));
        mesh.Storage.FailNext("endpoint", Fault.AfterWriting);

        mesh.Time.Advance(TimeSpan.FromSeconds(10));

        await mesh.Becomes("a", HealthStatus.Expired);
    }

    [Fact]
    public async Task An_expiry_that_could_not_be_written_is_tried_again()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a", lease: TimeSpan.FromSeconds(10));
        await mesh.Register("b");
        mesh.Storage.FailNext("endpoint", Fault.BeforeWriting);

        await Eventually.True(
            async () =>
            {
                mesh.Time.Advance(TimeSpan.FromSeconds(1));
                return await mesh.Status("a") is null;
            },
            "a is removed all the same");
    }

    [Fact]
    public async Task While_the_disk_is_away_snapshots_are_served_and_changes_fail_and_afterwards_all_is_well()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(5);
        mesh.Storage.Faults = (_, _) => Fault.BeforeWriting;

        for (var i = 0; i < 5; i++)
        {
            await Assert.ThrowsAnyAsync<Exception>(() => mesh.Register($"new{i}"));
            Assert.Equal(5, (await mesh.Snapshot()).Endpoints.Length);
            Assert.True((await mesh.Endpoint("e1").Renew(null)).Ok);
        }

        mesh.Storage.Faults = (_, _) => Fault.None;
        await mesh.Register("new");
        Assert.Equal(6, (await mesh.Snapshot()).Endpoints.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task Nothing_acknowledged_is_lost_however_the_disk_fails(int seed)
    {
        var dice = new Random(seed);
        var mesh = await TestMesh.Start();
        FailAtRandom(mesh.Storage, seed);
        var model = new Dictionary<string, bool?>();
        for (var round = 0; round < 40; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Try(mesh, model, $"e{i}", dice.Next(3) > 0)).ToList());
            if (dice.Next(8) == 0)
            {
                mesh.Storage.Faults = (_, _) => Fault.None;
                mesh = await mesh.Restart();
                var present = (await mesh.Service().GetSnapshot())?.Endpoints.Select(endpoint => endpoint.Id).ToHashSet() ?? [];
                Assert.All(model, known => Assert.True(known.Value is null || known.Value == present.Contains(known.Key), $"{known.Key} in round {round}"));
                FailAtRandom(mesh.Storage, seed + round);
            }
        }

        mesh.Storage.Faults = (_, _) => Fault.None;
        await using var last = await mesh.Restart();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Try(last, model, $"e{i}", join: i % 2 == 0)));
        Assert.Equal(["e0", "e2", "e4"], (await last.Snapshot()).Endpoints.Select(endpoint => endpoint.Id));
        Assert.True(await last.IsListed(TestMesh.Cart));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task The_budget_holds_however_the_disk_fails(int seed)
    {
        var dice = new Random(seed);
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(20);
        FailAtRandom(mesh.Storage, seed);
        for (var round = 0; round < 60; round++)
        {
            var failing = Enumerable.Range(0, 4).Select(_ => $"e{dice.Next(20)}").ToList();
            await Task.WhenAll(failing.Select(id => mesh.Fails(id)));

            var views = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => mesh.Endpoint($"e{i}").Get()));
            Assert.InRange(views.Count(view => view!.Endpoint.Status == HealthStatus.Ejected), 0, 2);
            if (round % 6 == 5)
            {
                mesh.Time.Advance(TimeSpan.FromSeconds(30));
            }
        }

        mesh.Storage.Faults = (_, _) => Fault.None;
    }

    private static void FailAtRandom(FaultyStorage storage, int seed)
    {
        var dice = new Random(seed);
        storage.Faults = (_, _) =>
        {
            lock (dice)
            {
                return dice.Next(100) switch { < 10 => Fault.BeforeWriting, < 20 => Fault.AfterWriting, _ => Fault.None };
            }
        };
    }

    /// <summary>The model knows true for registered, false for removed, and null for "who knows": an operation that failed.</summary>
    private static async Task Try(TestMesh mesh, Dictionary<string, bool?> model, string id, bool join)
    {
        Set(null);
        try
        {
            var outcome = join
                ? await mesh.Service().Register(TestMesh.Registration(id, "i"))
                : await mesh.Service().Deregister(id, "i");
            Assert.True(outcome.Ok || outcome.Problems[0].Kind == ProblemKind.NotFound);
            Set(join);
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            // Unknown it stays.
        }

        void Set(bool? known)
        {
            lock (model)
            {
                model[id] = known;
            }
        }
    }
}
