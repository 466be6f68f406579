using Mesh.Contracts;
using Mesh.Grains.Cluster;
using Mesh.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Mesh.Grains.Tests.Cluster;

public sealed class SiloGrainTests
{
    [Fact]
    public async Task The_members_are_the_silos_that_live_and_each_describes_itself()
    {
        await using var mesh = await TestMesh.Start();

        var member = Assert.Single(await mesh.Grains.GetGrain<IClusterGrain>(0).Members());

        Assert.Equal(SiloState.Active, member.State);
        Assert.True(member.HoldsGrains);
        var silo = await mesh.Grains.GetGrain<ISiloGrain>(member.Address).Describe();
        Assert.Equal(member.Address, silo!.Address);
        Assert.Equal(member.Name, silo.Name);
        Assert.Equal(member.Started, silo.Started);
        Assert.Equal(SiloState.Active, silo.State);
        Assert.NotEmpty(silo.Version);
        Assert.True(silo.Figures.ResidentBytes > silo.Figures.HeapBytes && silo.Figures.HeapBytes > 0);
        Assert.True(silo.Figures.ProcessorTime > TimeSpan.Zero && silo.Figures.Processors > 0);
    }

    [Fact]
    public async Task A_silo_counts_the_grains_that_are_awake_on_it_by_kind()
    {
        await using var mesh = await TestMesh.Start();
        await mesh.RegisterMany(3);

        var silo = await mesh.Grains.GetGrain<ISiloGrain>(mesh.Services.GetRequiredService<IClusterMembers>().Me).Describe();

        Assert.Equal(3, silo!.Grains["endpoint"]);
        Assert.Equal(1, silo.Grains["service"]);
        Assert.Equal(1, silo.Grains["silo"]);
    }

    [Theory]
    [InlineData("127.0.0.1:1@1")]
    [InlineData("not an address")]
    public async Task A_silo_that_is_not_this_one_has_nothing_to_say_and_does_not_stay(string address)
    {
        await using var mesh = await TestMesh.Start();
        var elsewhere = mesh.Grains.GetGrain<ISiloGrain>(address);

        Assert.Null(await elsewhere.Describe());
        Assert.Null(await elsewhere.News(new()));

        var here = mesh.Grains.GetGrain<ISiloGrain>(mesh.Services.GetRequiredService<IClusterMembers>().Me);
        await Eventually.True(async () => (await here.Describe())!.Grains["silo"] == 1, "only this silo's own grain is awake");
    }

    [Fact]
    public async Task A_silo_tells_of_a_service_from_its_first_version_until_it_is_taken_down()
    {
        var mesh = await TestMesh.Start();
        var silo = mesh.Grains.GetGrain<ISiloGrain>(mesh.Services.GetRequiredService<IClusterMembers>().Me);
        var before = await silo.News(new());
        await mesh.Register("a");
        await mesh.Service().Drain("a");
        var shown = (await mesh.Snapshot()).Version;

        var mark = before!.Next;
        var told = new List<ServiceNews>();
        await Eventually.True(
            async () =>
            {
                var news = (await silo.News(new() { Since = mark }))!;
                mark = news.Next;
                told.AddRange(news.Services);
                Assert.False(news.Anew);
                return told.LastOrDefault()?.Version == shown;
            },
            "the newest version is told of");
        Assert.All(told, news => Assert.Equal((TestMesh.Cart, true), (news.Service, news.Here)));
        Assert.Contains((await silo.News(new()))!.Shards, shard => shard.Shard == CatalogShard.Of(TestMesh.Cart.ToString()) && shard.Version > 0);

        var board = mesh.Services.GetRequiredService<SiloBoard>();
        await mesh.DisposeAsync();
        Assert.Equal([new ServiceNews(TestMesh.Cart, shown, Here: false)], board.Read(new() { Since = mark }).Services);
    }

    [Fact]
    public async Task After_a_restart_a_service_is_told_of_as_soon_as_it_is_awake_in_a_later_epoch()
    {
        var first = await TestMesh.Start();
        await first.Register("a");
        var before = (await first.Snapshot()).Version;
        await using var second = await first.Restart();
        Assert.Empty(second.Services.GetRequiredService<SiloBoard>().Read(new()).Services);

        await second.Endpoint("a").Get();
        await second.Service().GetSnapshot();

        var told = Assert.Single(second.Services.GetRequiredService<SiloBoard>().Read(new()).Services);
        Assert.True(told.Version.Epoch > before.Epoch);
        Assert.Equal((await second.Snapshot()).Version, told.Version);
    }
}
