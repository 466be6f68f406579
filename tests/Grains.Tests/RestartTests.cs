using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Snapshots;
using Mesh.Storage;
using Mesh.Testing;
using Xunit;

namespace Mesh.Grains.Tests;

public class RestartTests
{
    [Fact]
    public async Task All_that_was_acknowledged_is_there_after_a_restart()
    {
        var first = await TestMesh.Start();
        await first.RegisterMany(20);
        await first.Fails("e1");
        await first.Service().Drain("e2");
        await first.Service().Deregister("e3", null);
        await PolicyTests.Put(first, "one", "cart", 50);
        var before = await first.Snapshot();

        await using var mesh = await first.Restart();

        var after = await mesh.Snapshot();
        Assert.True(SnapshotEquality.Same(before.Endpoints, after.Endpoints));
        Assert.Equal(before.Policy, after.Policy);
        Assert.True(after.Version > before.Version);
        Assert.True(await mesh.IsListed(TestMesh.Cart));
        Assert.Equal(1, (await PolicyTests.Policy(mesh, "one").Get())!.Version);
    }

    [Fact]
    public async Task An_ejection_goes_on_over_a_restart_and_ends_when_it_was_to_end()
    {
        var first = await TestMesh.Start();
        await first.RegisterMany(10);
        await first.Fails("e1");
        first.Time.Advance(TimeSpan.FromSeconds(20));

        await using var mesh = await first.Restart();

        Assert.Equal(HealthStatus.Ejected, await mesh.Status("e1"));
        Assert.Equal(["e2"], (await mesh.Fails("e2")).Overflowed);
        mesh.Time.Advance(TimeSpan.FromSeconds(10));
        await mesh.Becomes("e1", HealthStatus.Probing);
    }

    [Fact]
    public async Task An_endpoint_that_wakes_before_its_service_decides_by_the_policy_that_was_in_force()
    {
        var first = await TestMesh.Start();
        await first.RegisterMany(2);
        await PolicyTests.Policy(first, "one").Put(PolicyTests.Document("one", "cart", 50, interval: "4s"), null, dryRun: false);
        await first.Fails("e0");
        first.Time.Advance(TimeSpan.FromSeconds(30));
        await first.Becomes("e0", HealthStatus.Probing);
        await first.Serves("e0");
        await using var mesh = await first.Restart();
        Assert.Equal(1, (await mesh.Endpoint("e0").Get())!.Endpoint.EjectionMultiplier);

        // After the document's interval; by default it would be 10 s.
        mesh.Time.Advance(TimeSpan.FromSeconds(4));

        await Eventually.True(async () => (await mesh.Endpoint("e0").Get())!.Endpoint.EjectionMultiplier == 0, "its history has faded");
    }

    [Fact]
    public async Task What_was_acknowledged_survives_in_the_file_on_disk()
    {
        var path = Path.Combine(Path.GetTempPath(), $"mesh-grains-{Guid.NewGuid():N}.db");
        Task<GrainHost> Start() => GrainHost.StartAsync(storageName: "unused", configure: silo =>
        {
            silo.AddSqliteGrainStorage(MeshLimits.StorageName, options => options.Path = path);
            silo.Services.AddMeshGrains();
        });
        try
        {
            ServiceSnapshot before;
            await using (var first = await Start())
            {
                var service = first.Grains.GetGrain<IServiceGrain>(TestMesh.Cart.ToString());
                await Task.WhenAll(Enumerable.Range(0, 20).Select(i => service.Register(TestMesh.Registration($"e{i}", "i", TimeSpan.FromMinutes(1)) with
                {
                    Labels = ImmutableSortedDictionary<string, string>.Empty.Add("version", "2"),
                    Locality = new("eu", "eu-1", ""),
                })));
                await first.Grains.GetGrain<IPolicyGrain>(PolicyTests.Key("one").ToString()).Put(PolicyTests.Document("one", "cart", 50), null, dryRun: false);
                await service.Eject("e1", TimeSpan.FromHours(1), "a test");
                await service.Deregister("e2", null);
                before = (await service.GetSnapshot())!;
            }

            await using var second = await Start();
            var after = (await second.Grains.GetGrain<IServiceGrain>(TestMesh.Cart.ToString()).GetSnapshot())!;
            Assert.Equal(19, after.Endpoints.Length);
            Assert.True(SnapshotEquality.Same(before.Endpoints, after.Endpoints));
            Assert.Equal(before.Policy, after.Policy);
            Assert.True(after.Version > before.Version);
        }
        finally
        {
            foreach (var file in Directory.EnumerateFiles(Path.GetTempPath(), Path.GetFileName(path) + "*"))
            {
                File.Delete(file);
            }
        }
    }

    [Fact]
    public async Task Versions_grow_over_many_restarts_and_each_costs_one_write()
    {
        var mesh = await TestMesh.Start();
        await mesh.Register("a");
        var last = (await mesh.Snapshot()).Version;
        for (var i = 0; i < 5; i++)
        {
            var writes = mesh.Storage.Writes("service");
            mesh = await mesh.Restart();
            var version = (await mesh.Snapshot()).Version;
            Assert.True(version > last);
            Assert.Equal(writes + 1, mesh.Storage.Writes("service"));
            last = version;
        }

        await mesh.DisposeAsync();
    }

    [Fact]
    public async Task A_service_that_had_gone_comes_back_with_greater_versions_after_a_restart()
    {
        var first = await TestMesh.Start();
        await first.Register("a");
        await first.Service().Deregister("a", null);
        await first.Register("a");
        var before = (await first.Snapshot()).Version;
        await first.Service().Deregister("a", null);

        await using var mesh = await first.Restart();
        Assert.Null(await mesh.Service().GetSnapshot());
        await mesh.Register("a");

        Assert.True((await mesh.Snapshot()).Version > before);
    }

    [Fact]
    public async Task Asking_for_services_that_never_existed_leaves_no_trace_on_disk()
    {
        await using var mesh = await TestMesh.Start();
        for (var i = 0; i < 20; i++)
        {
            var ghost = mesh.Service(new ServiceId("ghosts", $"g{i}"));
            Assert.Null(await ghost.GetSnapshot());
            await ghost.Drain("a");
            await ghost.Deregister("a", null);
        }

        Assert.Equal(0, mesh.Storage.Writes("service") + mesh.Storage.Writes("catalog") + mesh.Storage.Writes("endpoint"));
    }
}
