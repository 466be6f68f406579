using System.Collections.Immutable;
using Envoy.Config.Cluster.V3;
using Envoy.Config.Endpoint.V3;
using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Proxy.Discovery;
using Mesh.Proxy.Forwarding;
using Mesh.Proxy.LoadBalancing;
using Mesh.Proxy.Model;
using Mesh.Proxy.Upstream;
using Xunit;

namespace Mesh.Proxy.Tests.Upstream;

/// <summary>How requests are spread over priorities and localities.</summary>
public sealed class SpreadTests : IDisposable
{
    private const int Picks = 20_000;

    private readonly UpstreamRegistry _registry = new();
    private readonly ClusterConfig _cluster = new() { Name = "c", EndpointsName = "c", Balancing = LoadBalancerAlgorithm.RoundRobin };

    public void Dispose() => _registry.Dispose();

    [Theory]
    [InlineData(0, 100)]
    [InlineData(1, 100)]
    [InlineData(2, 84)]
    [InlineData(4, 28)]
    public void As_the_near_ones_fall_sick_the_far_ones_take_over(int sick, int percent)
    {
        var model = Compile(_cluster, [.. Zone(0, "a", 5, sick), .. Zone(1, "b", 5)]);

        Assert.Equal([(0, percent), (1, 100 - percent)], model.Shares.Select(s => (s.Priority, s.Percent)));
        Assert.InRange(Share(model, "a"), percent - 2, percent + 2);
        Assert.False(model.Panic);
    }

    [Fact]
    public void With_one_priority_that_is_used_a_pick_is_as_plain_as_ever()
    {
        Assert.IsType<RoundRobinBalancer>(Compile(_cluster, [.. Zone(0, "a", 5), .. Zone(1, "b", 5)]).Balancer);
        Assert.IsType<RoundRobinBalancer>(Compile(_cluster, [.. Zone(0, "a", 2, sick: 2), .. Zone(1, "b", 5)]).Balancer);
        Assert.IsType<PooledBalancer>(Compile(_cluster, [.. Zone(0, "a", 2, sick: 1), .. Zone(1, "b", 5)]).Balancer);
    }

    [Fact]
    public void What_this_proxy_ejects_by_itself_spills_too()
    {
        var endpoints = Zone(0, "a", 2).Concat(Zone(1, "b", 2)).ToArray();
        var model = _registry.Compile(_cluster, Of(endpoints), new Standing(false, [.. endpoints.Take(2).Select(e => e.Key)], []));

        Assert.Equal([0, 100], model.Shares.Select(s => s.Percent));
        Assert.All(model.Usable, e => Assert.Equal("b", e.Config.Locality.Zone));
    }

    [Fact]
    public void The_factor_of_the_assignment_holds()
    {
        var model = _registry.Compile(_cluster, Of([.. Zone(0, "a", 4, sick: 2), .. Zone(1, "b", 4)]) with { Overprovisioning = 100 }, Standing.Connected);
        Assert.Equal([50, 50], model.Shares.Select(s => s.Percent));
    }

    [Fact]
    public void When_all_priorities_together_are_too_few_everyone_is_used()
    {
        var model = Compile(_cluster, [.. Zone(0, "a", 10, sick: 9), .. Zone(1, "b", 10, sick: 9)]);
        Assert.True(model.Panic);
        Assert.Equal(20, model.Usable.Length);
        Assert.InRange(Share(model, "a"), 48, 52);
    }

    [Fact]
    public void One_healthy_zone_is_enough_that_the_other_does_not_panic()
    {
        var model = Compile(_cluster, [.. Zone(0, "a", 10, sick: 9), .. Zone(1, "b", 10)]);
        Assert.False(model.Panic);
        Assert.Equal(11, model.Usable.Length);
        Assert.InRange(Share(model, "a"), 12, 16);
    }

    [Fact]
    public void Localities_get_their_shares_and_lose_them_as_they_fall_sick()
    {
        var weighted = _cluster with { LocalityWeighted = true };
        Assert.InRange(Share(Shared(weighted, sick: 0), "a"), 78, 82);
        // 80 x 1.4 x 0.5 = 56 against 20.
        Assert.InRange(Share(Shared(weighted, sick: 5), "a"), 71.5, 76);
        Assert.Equal(0, Share(Shared(weighted, sick: 10), "a"));
        Assert.InRange(Share(Shared(_cluster, sick: 0), "a"), 48, 52);

        ClusterModel Shared(ClusterConfig cluster, int sick) => _registry.Compile(
            cluster,
            Of([.. Zone(0, "a", 10, sick), .. Zone(0, "b", 10)]) with { LocalityWeights = Weights((0, "a", 80), (0, "b", 20)) },
            Standing.Connected);
    }

    [Fact]
    public void Where_no_locality_has_a_weight_they_count_for_nothing() =>
        Assert.InRange(Share(Compile(_cluster with { LocalityWeighted = true }, [.. Zone(0, "a", 3), .. Zone(0, "b", 1)]), "a"), 73, 77);

    [Fact]
    public void Who_has_to_prove_itself_does_so_in_its_own_locality()
    {
        var model = _registry.Compile(
            _cluster with { LocalityWeighted = true },
            Of([.. Zone(0, "a", 2, sick: 1), .. Zone(0, "b", 2)]) with { LocalityWeights = Weights((0, "a", 50), (0, "b", 50)) },
            new Standing(true, [], []));
        Assert.Equal(4, model.Usable.Length);
        Assert.Equal(["a", "a", "b", "b"], model.Usable.Select(e => e.Config.Locality.Zone));
        Assert.Single(model.Usable, e => e.Trickle);
    }

    [Fact]
    public void Equal_requests_stay_together_across_pools_and_few_move_when_shares_do()
    {
        var hashing = _cluster with { Balancing = LoadBalancerAlgorithm.RingHash };
        var random = new Random(1);
        var keys = Enumerable.Range(0, 2000).Select(_ => (ulong)random.NextInt64(long.MinValue, long.MaxValue)).ToList();
        var before = Compile(hashing, [.. Zone(0, "a", 5, sick: 2), .. Zone(1, "b", 5)]);
        var after = Compile(hashing, [.. Zone(0, "a", 5, sick: 3), .. Zone(1, "b", 5)]);
        List<string> firsts = [.. keys.Select(k => EndpointPicker.Pick(before, random, k, null)!.Config.Key)];

        Assert.Equal(firsts, keys.Select(k => EndpointPicker.Pick(before, random, k, null)!.Config.Key));
        var moved = keys.Zip(firsts).Count(k => EndpointPicker.Pick(after, random, k.First, null)!.Config.Key != k.Second);
        // 84 % become 56 %: those 28, and a third of what stays because one of three left the ring.
        Assert.InRange(moved / 2000.0, 0.28, 0.60);
    }

    [Fact]
    public void A_retry_reaches_every_endpoint_of_every_pool()
    {
        var model = Compile(_cluster, [.. Zone(0, "a", 2, sick: 1), .. Zone(1, "b", 2)]);
        var random = new Random(1);
        List<string> tried = [];
        for (var i = 0; i < 3; i++)
        {
            tried.Add(EndpointPicker.Pick(model, random, 0, tried.Count == 0 ? null : tried)!.State.Key);
        }

        Assert.Equal(3, tried.Distinct().Count());
    }

    [Fact]
    public void A_retry_for_which_nobody_is_left_goes_on_to_the_next_priority()
    {
        var model = Compile(_cluster, [.. Zone(0, "a", 1), .. Zone(1, "b", 3, sick: 1), .. Zone(2, "c", 1)]);
        Assert.Single(model.Usable);
        Assert.Equal(["b", "b", "c"], model.Reserve.Select(e => e.Config.Locality.Zone));
        var random = new Random(1);
        List<string> zones = [], tried = [];
        for (var i = 0; i < 5; i++)
        {
            var picked = EndpointPicker.Pick(model, random, 0, tried.Count == 0 ? null : tried)!;
            zones.Add(picked.Config.Locality.Zone);
            tried.Add(picked.State.Key);
        }

        Assert.Equal(["a", "b", "b", "c", "a"], zones);
        Assert.Equal(4, tried.Distinct().Count());
    }

    [Fact]
    public void An_assignment_says_weights_factor_and_priorities()
    {
        var assignment = new ClusterLoadAssignment
        {
            ClusterName = "c",
            Policy = new() { OverprovisioningFactor = 120 },
            Endpoints =
            {
                new LocalityLbEndpoints { Locality = new() { Region = "eu", Zone = "a" }, LoadBalancingWeight = 7, Priority = 1 },
                new LocalityLbEndpoints { Locality = new() { Region = "eu", Zone = "a" } },
            },
        };
        var read = EndpointsDecoder.Decode(assignment);
        Assert.Equal(120, read.Overprovisioning);
        Assert.Equal(7u, read.LocalityWeights[(1, new Locality("eu", "a", ""))]);
        Assert.Equal(0u, read.LocalityWeights[(0, new Locality("eu", "a", ""))]);
        Assert.Equal(140, EndpointsDecoder.Decode(new() { ClusterName = "c" }).Overprovisioning);

        Refused(assignment, a => a.Policy.OverprovisioningFactor = 0);
        Refused(assignment, a => a.Endpoints[0].Priority = 129);
        Refused(assignment, a => a.Endpoints[0].Priority = 0);
        Assert.True(ClusterDecoder.Decode(Wire(weighted: true)).LocalityWeighted);
        Assert.False(ClusterDecoder.Decode(Wire(weighted: false)).LocalityWeighted);

        static void Refused(ClusterLoadAssignment assignment, Action<ClusterLoadAssignment> change)
        {
            var changed = assignment.Clone();
            change(changed);
            Assert.Throws<RefusedResourceException>(() => EndpointsDecoder.Decode(changed));
        }

        static Cluster Wire(bool weighted) => new()
        {
            Name = "c",
            Type = Cluster.Types.DiscoveryType.Eds,
            EdsClusterConfig = new() { EdsConfig = new() { Ads = new() } },
            CommonLbConfig = new() { LocalityWeightedLbConfig = weighted ? new() : null },
        };
    }

    private ClusterModel Compile(ClusterConfig cluster, params EndpointConfig[] endpoints) => _registry.Compile(cluster, Of(endpoints), Standing.Connected);

    private static double Share(ClusterModel model, string zone)
    {
        var random = new Random(7);
        return 100.0 * Enumerable.Range(0, Picks).Count(_ => EndpointPicker.Pick(model, random, 0, null)!.Config.Locality.Zone == zone) / Picks;
    }

    private static EndpointsConfig Of(params EndpointConfig[] endpoints) => new("c", [.. endpoints]);

    private static IEnumerable<EndpointConfig> Zone(int priority, string zone, int count, int sick = 0) => Enumerable.Range(0, count).Select(i => new EndpointConfig(
        "10.0.0.1",
        (zone[0] * 100) + i,
        100,
        i < sick ? EndpointHealth.Unhealthy : EndpointHealth.Healthy,
        new Locality("eu", zone, ""),
        priority));

    private static ImmutableDictionary<(int Priority, Locality Locality), uint> Weights(params (int Priority, string Zone, uint Weight)[] weights) =>
        weights.ToImmutableDictionary(w => (w.Priority, new Locality("eu", w.Zone, "")), w => w.Weight);
}
