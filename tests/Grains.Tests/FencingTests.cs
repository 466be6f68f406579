using Mesh.Core.Health;
using Xunit;

namespace Mesh.Grains.Tests;

/// <summary>
/// Two activations of a grain for a while: one that was cut off and goes on, and its successor. Here they are two silos that know nothing of each other, over
/// one storage: each grain may live on both.
/// </summary>
public class FencingTests
{
    [Fact]
    public async Task The_successors_versions_are_greater_and_what_the_first_would_write_comes_to_nothing()
    {
        await using var first = await TestMesh.Start();
        await first.RegisterMany(3);
        await using var second = await TestMesh.Start(first.Storage, first.Time);
        await second.Register("late");

        Assert.True((await first.Snapshot()).Version < (await second.Snapshot()).Version);
        await Assert.ThrowsAnyAsync<Exception>(() => first.Register("lost"));

        Assert.Equal(["e0", "e1", "e2", "late"], (await second.Snapshot()).Endpoints.Select(endpoint => endpoint.Id));
        Assert.DoesNotContain("lost", (await second.Snapshot()).Endpoints.Select(endpoint => endpoint.Id));
    }

    [Fact]
    public async Task A_removal_by_the_first_does_not_take_the_endpoint_from_the_second()
    {
        await using var first = await TestMesh.Start();
        await first.RegisterMany(2);
        await using var second = await TestMesh.Start(first.Storage, first.Time);
        Assert.NotNull(await second.Status("e1"));

        await Assert.ThrowsAnyAsync<Exception>(() => first.Service().Deregister("e1", null));

        Assert.Equal(HealthStatus.Healthy, await second.Status("e1"));
        Assert.NotNull(await second.Endpoint("e1").Get());
    }

    [Fact]
    public async Task A_catalogs_version_never_goes_back_with_a_new_activation()
    {
        await using var first = await TestMesh.Start();
        await first.Register("a");
        var before = (await first.Catalog(TestMesh.Cart.ToString()).List()).Version;
        await using var second = await TestMesh.Start(first.Storage, first.Time);

        Assert.True((await second.Catalog(TestMesh.Cart.ToString()).List()).Version >= before);
    }
}
