using Mesh.Contracts;
using Mesh.Core.Health;
using Mesh.Core.Snapshots;
using Xunit;

namespace Mesh.Grains.Tests;

/// <summary>
/// Two activations of a grain for a while: one that was cut off and goes on, and its successor. Here they are two silos that know nothing of each other, over
/// one storage: each grain may live on both.
/// </summary>
public class FencingTests
{
    private static readonly GrainSettings OfSeveralSilos = new() { TakeOver = true };

    [Fact]
    public async Task The_successors_versions_are_greater_and_what_the_first_would_write_comes_to_nothing()
    {
        await using var first = await Silo();
        await first.RegisterMany(3);
        await using var second = await Silo(first);
        await second.Register("late");

        Assert.True((await first.Snapshot()).Version < (await second.Snapshot()).Version);
        await Assert.ThrowsAnyAsync<Exception>(() => first.Register("lost"));

        Assert.Equal(["e0", "e1", "e2", "late"], (await second.Snapshot()).Endpoints.Select(endpoint => endpoint.Id));
        Assert.DoesNotContain("lost", (await second.Snapshot()).Endpoints.Select(endpoint => endpoint.Id));
    }

    [Fact]
    public async Task A_removal_by_the_first_does_not_take_the_endpoint_from_the_second()
    {
        await using var first = await Silo();
        await first.RegisterMany(2);
        await using var second = await Silo(first);
        Assert.NotNull(await second.Status("e1"));

        await Assert.ThrowsAnyAsync<Exception>(() => first.Service().Deregister("e1", null));

        Assert.Equal(HealthStatus.Healthy, await second.Status("e1"));
        Assert.NotNull(await second.Endpoint("e1").Get());
    }

    [Fact]
    public async Task Who_says_that_there_is_nothing_has_looked()
    {
        await using var first = await Silo();
        Assert.Null(await first.Service().GetSnapshot());
        await using var second = await Silo(first);
        await second.Register("a");
        first.Time.Advance(TimeSpan.FromSeconds(1));

        await Assert.ThrowsAnyAsync<Exception>(() => first.Service().GetSnapshot());

        Assert.Equal(["a"], (await first.Snapshot()).Endpoints.Select(endpoint => endpoint.Id));
    }

    [Fact]
    public async Task A_catalogs_version_never_goes_back_with_a_new_activation()
    {
        await using var first = await Silo();
        await first.Register("a");
        var before = (await first.Catalog(TestMesh.Cart.ToString()).List()).Version;
        await using var second = await Silo(first);

        Assert.True((await second.Catalog(TestMesh.Cart.ToString()).List()).Version >= before);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Whatever_two_activations_are_told_in_turn_nothing_acknowledged_is_lost_or_done_twice(int seed)
    {
        var dice = new Random(seed);
        await using var first = await Silo();
        await using var second = await Silo(first);
        var weights = new Dictionary<string, int?>();
        var greatest = default(SnapshotVersion);
        for (var round = 1; round <= 40; round++)
        {
            // A life is told from another by when it began.
            first.Time.Advance(TimeSpan.FromMilliseconds(1));
            var (id, operation, leave) = ($"e{dice.Next(3)}", $"op-{round}", dice.Next(3) == 0);
            for (var done = false; !done;)
            {
                // Each try may reach either of the two, as it may while directories disagree.
                var mesh = dice.Next(2) == 0 ? first : second;
                try
                {
                    var outcome = leave
                        ? await mesh.Service().Deregister(id, null, operation)
                        : await mesh.Service().Register(TestMesh.Registration(id, $"i{round}") with { Weight = round }, operation);
                    Assert.Equal(!leave || weights.GetValueOrDefault(id) is not null, outcome.Ok);
                    done = true;
                    var version = (await mesh.Service().GetSnapshot())?.Version;
                    Assert.True(version is null || version >= greatest, $"{version} after {greatest} in round {round}");
                    greatest = version ?? greatest;
                }
                catch (Exception e) when (e is not Xunit.Sdk.XunitException)
                {
                    // This one made way; the same is asked again, of either.
                }
            }

            weights[id] = leave ? null : round;
        }

        await using var last = await Silo(first);
        var found = (await last.Service().GetSnapshot())?.Endpoints.ToDictionary(endpoint => endpoint.Id, endpoint => endpoint.ConfiguredWeight) ?? [];
        Assert.Equal(
            weights.Where(pair => pair.Value is not null).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}: {pair.Value}"),
            found.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}: {pair.Value}"));
    }

    private static Task<TestMesh> Silo(TestMesh? beside = null) => TestMesh.Start(beside?.Storage, beside?.Time, OfSeveralSilos);
}
