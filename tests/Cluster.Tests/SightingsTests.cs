using Mesh.Api;
using Mesh.Local.Stories.Rules;
using Mesh.Local.Stories.Stage;

namespace Mesh.Cluster.Tests;

/// <summary>What gateways show is held against what must never be.</summary>
public class SightingsTests
{
    private readonly Sightings _sightings = new();

    [Fact]
    public void Versions_that_grow_are_fine_at_each_gateway_by_itself()
    {
        See("one", "1.1");
        See("two", "2.3");
        See("one", "1.2");
        See("one", "2.3");
        Assert.Empty(_sightings.Problems);
    }

    [Theory]
    [InlineData("2.1", "1.9")]
    [InlineData("2.2", "2.1")]
    public void A_version_that_goes_back_is_found(string first, string second)
    {
        See("one", first);
        See("one", second);
        Assert.Contains("went back", Assert.Single(_sightings.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void A_gateway_that_comes_back_with_less_than_it_had_is_found()
    {
        See("one", "2.2", life: 1);
        See("one", "2.1", life: 2);
        Assert.Contains("started again", Assert.Single(_sightings.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void One_version_with_two_meanings_is_found()
    {
        See("one", "1.1", healthy: 3);
        See("two", "1.1", healthy: 2, ejected: 1);
        Assert.Contains("one thing at one and another at two", Assert.Single(_sightings.Problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, 0, 0)]
    [InlineData(2, 1, 0)]
    [InlineData(3, 2, 1)]
    public void Whoever_was_taken_out_and_is_back_is_found(int healthy, int ejected, int draining)
    {
        See("one", "1.1", 2, 2, 1);
        _sightings.Hold("s", 2, 2, 1);
        See("one", "1.2", 2, 2, 1);
        Assert.Empty(_sightings.Problems);
        See("one", "1.3", healthy, ejected, draining);
        Assert.Contains("was the verdict", Assert.Single(_sightings.Problems), StringComparison.Ordinal);
    }

    private void See(string gateway, string version, int healthy = 2, int ejected = 0, int draining = 0, int life = 1) =>
        _sightings.See(new Sighting(gateway, life, new ServiceSummary("default", "s", version, healthy + ejected + draining, healthy, ejected, draining, 0, null)));
}
