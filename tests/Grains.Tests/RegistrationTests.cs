using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Testing;
using Xunit;

namespace Mesh.Grains.Tests;

public class RegistrationTests
{
    [Fact]
    public async Task Repeating_a_registration_changes_nothing_and_writes_nothing()
    {
        await using var mesh = await TestMesh.Start();
        var first = await mesh.Register("a", "i1");
        var version = (await mesh.Snapshot()).Version;
        var writes = mesh.Storage.Writes("endpoint") + mesh.Storage.Writes("service") + mesh.Storage.Writes("catalog");
        mesh.Time.Advance(TimeSpan.FromSeconds(1));

        var second = await mesh.Register("a", "i1");

        Assert.Equal(first.RegisteredAt, second.RegisteredAt);
        Assert.Equal(version, (await mesh.Snapshot()).Version);
        Assert.Equal(writes, mesh.Storage.Writes("endpoint") + mesh.Storage.Writes("service") + mesh.Storage.Writes("catalog"));
    }

    [Fact]
    public async Task Another_instance_takes_over_the_id_with_a_clean_slate()
    {
        await using var mesh = await TestMesh.Start();
        var first = await mesh.Register("a", "i1");
        await mesh.Service().Drain("a");
        mesh.Time.Advance(TimeSpan.FromSeconds(1));

        var second = await mesh.Register("a", "i2");

        Assert.True(second.RegisteredAt > first.RegisteredAt);
        Assert.Equal(HealthStatus.Healthy, await mesh.Status("a"));
        Assert.Equal("i2", second.InstanceId);
    }

    [Fact]
    public async Task A_registration_that_breaks_rules_is_refused_with_all_of_them()
    {
        await using var mesh = await TestMesh.Start();

        var outcome = await mesh.Service().Register(new EndpointRegistration
        {
            Id = "a/b",
            Address = "localhost",
            Port = 0,
            Weight = 1001,
            Lease = TimeSpan.FromMilliseconds(1),
            InstanceId = "",
        });

        Assert.False(outcome.Ok);
        Assert.Equal(["id", "address", "port", "weight", "lease", "instanceId"], outcome.Problems.Select(problem => problem.Field));
        Assert.All(outcome.Problems, problem => Assert.Equal(ProblemKind.Invalid, problem.Kind));
        Assert.Null(await mesh.Service().GetSnapshot());
    }

    [Theory]
    [InlineData("10.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("2001:db8::17", true)]
    [InlineData("1", false)]
    [InlineData("10.1", false)]
    [InlineData("0x7f.0.0.1", false)]
    [InlineData("[::1]", false)]
    [InlineData("fe80::1%eth0", false)]
    [InlineData("", false)]
    public async Task Only_plain_addresses_are_taken(string address, bool taken)
    {
        await using var mesh = await TestMesh.Start();
        var outcome = await mesh.Service().Register(TestMesh.Registration("a") with { Address = address });
        Assert.Equal(taken, outcome.Ok);
    }

    [Fact]
    public async Task One_endpoint_too_many_is_refused_by_the_name_of_the_limit_and_a_repeat_of_an_old_one_is_not()
    {
        await using var mesh = await TestMesh.Start(settings: new GrainSettings { EndpointsPerService = 3 });
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => mesh.Service().Register(TestMesh.Registration($"e{i}"))));

        Assert.Equal(3, outcomes.Count(outcome => outcome.Ok));
        Assert.All(outcomes.Where(outcome => !outcome.Ok), outcome =>
        {
            Assert.Equal(ProblemKind.LimitExceeded, outcome.Problems[0].Kind);
            Assert.Contains("EndpointsPerService", outcome.Problems[0].Detail, StringComparison.Ordinal);
        });
        Assert.True((await mesh.Service().Register(TestMesh.Registration(outcomes.First(outcome => outcome.Ok).Value!.Endpoint.Id))).Ok);
        Assert.Equal(3, (await mesh.Snapshot()).Endpoints.Length);
    }

    [Fact]
    public async Task Deregistering_names_an_instance_or_nobody_and_says_when_there_is_nothing_left()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a", "i1");

        Assert.Equal(ProblemKind.Conflict, (await mesh.Service().Deregister("a", "i2")).Problems[0].Kind);
        Assert.True((await mesh.Service().Deregister("a", "i1")).Ok);
        Assert.Equal(ProblemKind.NotFound, (await mesh.Service().Deregister("a", "i1")).Problems[0].Kind);
        Assert.Equal(ProblemKind.NotFound, (await mesh.Service().Deregister("no/such id", null)).Problems[0].Kind);
        Assert.Null(await mesh.Endpoint("a").Get());
    }

    [Fact]
    public async Task A_service_exists_from_its_first_endpoint_to_its_last_and_its_versions_go_on_when_it_comes_back()
    {
        await using var mesh = await TestMesh.Start();
        Assert.Null(await mesh.Service().GetSnapshot());
        Assert.Equal(0, mesh.Storage.Writes("service"));

        await mesh.Register("a");
        var before = (await mesh.Snapshot()).Version;
        Assert.True(await mesh.IsListed(TestMesh.Cart));

        await mesh.Service().Deregister("a", null);
        Assert.Null(await mesh.Service().GetSnapshot());
        Assert.False(await mesh.IsListed(TestMesh.Cart));

        await mesh.Register("a");
        Assert.True((await mesh.Snapshot()).Version > before);
        Assert.True(await mesh.IsListed(TestMesh.Cart));
    }

    [Fact]
    public async Task A_service_that_returns_while_it_is_being_struck_from_the_catalog_is_listed()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.Register("a");
        var open = new TaskCompletionSource();
        mesh.Storage.Pause = state => state == "catalog" ? open.Task : Task.CompletedTask;

        var leave = mesh.Service().Deregister("a", null);
        await Eventually.True(() => mesh.Storage.Writes("catalog") == 2, "it is being struck out");
        var join = mesh.Register("b");
        await Eventually.True(() => mesh.Storage.Writes("service") == 3, "it has a member again");
        open.SetResult();
        await Task.WhenAll(leave, join);

        Assert.True(await mesh.IsListed(TestMesh.Cart));
    }

    [Fact]
    public async Task Registrations_that_wait_for_the_disk_together_share_its_writes()
    {
        await using var mesh = await TestMesh.Start();
        var open = new TaskCompletionSource();
        mesh.Storage.Pause = state => state == "service" ? open.Task : Task.CompletedTask;

        var all = mesh.RegisterMany(64);
        await Eventually.True(() => mesh.Storage.Writes("endpoint") == 64, "all endpoints are written");
        open.SetResult();
        await all;

        // One that was under way, one that all others share, and a few for those who came while it ran.
        Assert.InRange(mesh.Storage.Writes("service"), 1, 16);
        Assert.Equal(64, (await mesh.Snapshot()).Endpoints.Length);
    }

    [Fact]
    public async Task Services_that_appear_together_share_the_catalogs_writes()
    {
        await using var mesh = await TestMesh.Start();
        var services = Enumerable.Range(0, 400).Select(i => new ServiceId("many", $"s{i}")).ToList();
        var open = new TaskCompletionSource();
        mesh.Storage.Pause = state => state == "catalog" ? open.Task : Task.CompletedTask;

        var shards = Enumerable.Range(0, MeshLimits.CatalogShards).Select(i => mesh.Grains.GetGrain<ICatalogGrain>($"{i}")).ToArray();
        var all = Task.WhenAll(services.Select(service => shards[CatalogShard.Of(service.ToString())].AddService(service)));

        // Where order is kept, a shard that answers this has got all that was sent to it before.
        await Task.WhenAll(shards.Select(shard => shard.List()));
        open.SetResult();
        await all;

        // For each shard: what came first, what came while that was written, and at most one more that was late. Where order is not
        // kept, more may be late, but most still share.
        Assert.InRange(mesh.Storage.Writes("catalog"), MeshLimits.CatalogShards, GrainHost.KeepsOrder ? 3 * MeshLimits.CatalogShards : services.Count / 2);
        var pages = await Task.WhenAll(shards.Select(shard => shard.List()));
        Assert.Equal(services.Order(), pages.SelectMany(page => page.Services).Order());
    }

    [Fact]
    public async Task Two_thousand_endpoints_registered_by_sixty_four_callers_are_all_there()
    {
        await using var mesh = await TestMesh.Start();
        var all = Enumerable.Range(0, 2000).Select(i => $"e{i:D4}").ToArray();
        var ids = new Queue<string>(all);

        await Task.WhenAll(Enumerable.Range(0, 64).Select(async _ =>
        {
            while (TryNext(ids) is { } id)
            {
                await mesh.Register(id);
            }
        }));

        Assert.Equal(all, (await mesh.Snapshot()).Endpoints.Select(endpoint => endpoint.Id));
        Assert.Equal(2000, mesh.Storage.Writes("endpoint"));
        Assert.Equal(1, mesh.Storage.Writes("catalog"));
    }

    private static string? TryNext(Queue<string> ids)
    {
        lock (ids)
        {
            return ids.TryDequeue(out var id) ? id : null;
        }
    }
}
