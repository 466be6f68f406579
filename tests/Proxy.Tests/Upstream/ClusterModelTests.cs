using System.Collections.Immutable;
using Envoy.Config.Cluster.V3;
using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Proxy.Discovery;
using Mesh.Proxy.Forwarding;
using Mesh.Proxy.Model;
using Mesh.Proxy.Upstream;
using Xunit;

namespace Mesh.Proxy.Tests.Upstream;

public sealed class ClusterModelTests : IDisposable
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;
    private static readonly IReadOnlySet<string> None = new HashSet<string>();
    private readonly UpstreamRegistry _registry = new();
    private readonly ClusterConfig _cluster = new() { Name = "c", EndpointsName = "c", Balancing = LoadBalancerAlgorithm.RoundRobin };

    public void Dispose() => _registry.Dispose();

    [Fact]
    public void A_cluster_that_allows_no_connection_is_given_one()
    {
        var config = ClusterDecoder.Decode(new Cluster
        {
            Name = "c",
            Type = Cluster.Types.DiscoveryType.Eds,
            EdsClusterConfig = new() { EdsConfig = new() { Ads = new() } },
            CircuitBreakers = new() { Thresholds = { new CircuitBreakers.Types.Thresholds { MaxConnections = 0 } } },
        });

        Assert.Equal(1, _registry.Compile(config, Of(Endpoint(1)), Standing.Connected).State.Gate.Connections);
    }

    [Fact]
    public void Unhealthy_and_draining_endpoints_are_not_used() =>
        Assert.Equal([1, 2], Usable(Endpoint(1), Endpoint(2), Endpoint(3, EndpointHealth.Unhealthy), Endpoint(4, EndpointHealth.Draining)));

    [Fact]
    public void Below_the_panic_threshold_all_but_the_draining_are_used() =>
        Assert.Equal([1, 2, 3], Usable(Endpoint(1), Endpoint(2, EndpointHealth.Unhealthy), Endpoint(3, EndpointHealth.Unhealthy), Endpoint(4, EndpointHealth.Draining)));

    [Fact]
    public void At_the_panic_threshold_health_is_believed() => Assert.Equal([1], Usable(Endpoint(1), Endpoint(2, EndpointHealth.Unhealthy)));

    [Fact]
    public void With_nobody_healthy_everyone_is_used() => Assert.Equal([1], Usable(Endpoint(1, EndpointHealth.Unhealthy)));

    [Fact]
    public void Without_a_panic_threshold_nobody_healthy_means_nobody()
    {
        var model = _registry.Compile(_cluster with { PanicThreshold = 0 }, Of(Endpoint(1, EndpointHealth.Unhealthy)), Standing.Connected);

        Assert.Empty(model.Usable);
        Assert.Null(EndpointPicker.Pick(model, new Random(1), 0, null));
    }

    [Fact]
    public void A_later_priority_is_used_when_the_first_has_nobody() =>
        Assert.Equal([2], Usable(Endpoint(1, EndpointHealth.Unhealthy), Endpoint(2) with { Priority = 1 }, Endpoint(3) with { Priority = 2 }));

    [Fact]
    public void Whose_ejection_lapsed_gets_a_trickle_and_who_drains_gets_nothing()
    {
        var model = Lapsed(Endpoint(1), Endpoint(2), Endpoint(3, EndpointHealth.Unhealthy), Endpoint(4, EndpointHealth.Draining), Endpoint(5, EndpointHealth.Unhealthy, weight: 3));

        Assert.Equal([(1, 100), (2, 100), (3, 10), (5, 1)], model.Usable.Select(e => (e.Config.Port, e.Weight)));
        var hits = Enumerable.Range(0, 211).Select(_ => model.Usable[model.Balancer.Pick(new Random(1), 0, 0)].Config.Port).CountBy(p => p).ToDictionary();
        Assert.Equal((100, 10, 1), (hits[1], hits[3], hits[5]));
    }

    [Fact]
    public void Who_has_proven_itself_since_has_its_full_weight_and_who_failed_here_has_none()
    {
        var model = _registry.Compile(
            _cluster,
            Of(Endpoint(1), Endpoint(2, EndpointHealth.Unhealthy), Endpoint(3, EndpointHealth.Unhealthy)),
            new Standing(true, ["10.0.0.1:3"], ["10.0.0.1:2"]));

        Assert.Equal([(1, 100), (2, 100)], model.Usable.Select(e => (e.Config.Port, e.Weight)));
    }

    [Fact]
    public void A_priority_that_was_given_up_comes_back_by_a_trickle_while_the_next_one_serves() => Assert.Equal(
        [(2, 100), (1, 10)],
        Lapsed(Endpoint(1, EndpointHealth.Unhealthy), Endpoint(2) with { Priority = 1 }, Endpoint(3, EndpointHealth.Unhealthy) with { Priority = 2 })
            .Usable.Select(e => (e.Config.Port, e.Weight)));

    [Fact]
    public void Where_everyone_was_ejected_the_lapse_lets_all_try_even_without_a_panic_threshold()
    {
        var model = _registry.Compile(
            _cluster with { PanicThreshold = 0 }, Of(Endpoint(1, EndpointHealth.Unhealthy), Endpoint(2, EndpointHealth.Draining)), new Standing(true, [], []));

        Assert.Equal([1], Ports(model));
        Assert.False(model.Panic);
    }

    [Fact]
    public void What_happens_to_an_endpoint_outlives_a_change_of_the_configuration()
    {
        var before = _registry.Compile(_cluster, Of(Endpoint(1)), Standing.Connected);
        before.All[0].State.Begin(1);
        var after = _registry.Compile(_cluster, Of(Endpoint(1) with { Weight = 7 }, Endpoint(2)), Standing.Connected);

        Assert.Same(before.All[0].State, after.All[0].State);
        Assert.Same(before.State, after.State);
        Assert.Equal(1, after.All[0].State.InFlight);
    }

    [Fact]
    public void An_endpoint_that_left_is_let_go_once_nothing_of_it_is_under_way()
    {
        var state = _registry.Compile(_cluster, Of(Endpoint(1)), Standing.Connected).All[0].State;
        state.Begin(1);
        _registry.Compile(_cluster, Of(), Standing.Connected);

        _registry.Sweep();
        Assert.Contains(state, _registry.Endpoints);
        state.End(1);
        _registry.Sweep();
        Assert.DoesNotContain(state, _registry.Endpoints);
    }

    [Fact]
    public void A_retry_goes_to_each_other_endpoint_before_it_returns_to_one()
    {
        var model = _registry.Compile(_cluster, Of(Endpoint(1, weight: 1000), Endpoint(2, weight: 1), Endpoint(3, weight: 1)), Standing.Connected);
        var random = new Random(1);
        List<string> tried = [];
        for (var i = 0; i < 3; i++)
        {
            tried.Add(EndpointPicker.Pick(model, random, 0, tried.Count == 0 ? null : tried)!.State.Key);
        }

        Assert.Equal(3, tried.Distinct().Count());
    }

    [Fact]
    public void The_fallback_takes_out_who_fails_often_enough_in_a_row_for_a_time_that_grows()
    {
        var outliers = new LocalOutliers();
        var endpoints = Of(Endpoint(1), Endpoint(2));
        var cluster = _cluster with { Outliers = new() { Consecutive5xx = 3, MaxEjectionPercent = 50, BaseEjectionTime = TimeSpan.FromSeconds(30) } };

        Assert.False(outliers.Failed(cluster, endpoints, "10.0.0.1:1", 2, None, Start));
        Assert.True(outliers.Failed(cluster, endpoints, "10.0.0.1:1", 3, None, Start));
        Assert.Equal(["10.0.0.1:1"], outliers.EjectedOf("c"));
        Assert.Empty(outliers.Expire(Start.AddSeconds(29)));
        Assert.Single(outliers.Expire(Start.AddSeconds(30)));
        Assert.True(outliers.Failed(cluster, endpoints, "10.0.0.1:1", 3, None, Start.AddSeconds(40)));
        Assert.Empty(outliers.Expire(Start.AddSeconds(99)));
        Assert.Single(outliers.Expire(Start.AddSeconds(100)));
    }

    [Fact]
    public void The_fallback_keeps_within_the_percentage_and_counts_the_meshs_ejections_until_who_was_ejected_is_proven()
    {
        var outliers = new LocalOutliers();
        var endpoints = Of(Endpoint(1), Endpoint(2, EndpointHealth.Unhealthy), Endpoint(3), Endpoint(4));
        var cluster = _cluster with { Outliers = new() { Consecutive5xx = 3, MaxEjectionPercent = 25 } };

        Assert.False(outliers.Failed(cluster, endpoints, "10.0.0.1:1", 9, None, Start));
        Assert.True(outliers.Failed(cluster, endpoints, "10.0.0.1:1", 9, new HashSet<string> { "10.0.0.1:2" }, Start));
        Assert.False(outliers.Failed(cluster, endpoints, "10.0.0.1:3", 9, new HashSet<string> { "10.0.0.1:2" }, Start));
        Assert.Equal(["c"], outliers.Clear());
        Assert.Empty(outliers.EjectedOf("c"));
    }

    [Fact]
    public void Who_fails_on_the_trickle_goes_out_again_whatever_the_percentage()
    {
        var outliers = new LocalOutliers();
        var endpoints = Of(Endpoint(1), Endpoint(2, EndpointHealth.Unhealthy));
        var cluster = _cluster with { Outliers = new() { Consecutive5xx = 3, MaxEjectionPercent = 0 } };

        Assert.False(outliers.Failed(cluster, endpoints, "10.0.0.1:2", 2, None, Start));
        Assert.True(outliers.Failed(cluster, endpoints, "10.0.0.1:2", 3, None, Start));
        Assert.False(outliers.Failed(cluster, endpoints, "10.0.0.1:1", 3, None, Start));
    }

    private int[] Usable(params EndpointConfig[] endpoints) => Ports(_registry.Compile(_cluster, Of(endpoints), Standing.Connected));

    private ClusterModel Lapsed(params EndpointConfig[] endpoints) => _registry.Compile(_cluster, Of(endpoints), new Standing(true, [], []));

    private static int[] Ports(ClusterModel model) => [.. model.Usable.Select(e => e.Config.Port)];

    private static EndpointsConfig Of(params EndpointConfig[] endpoints) => new("c", [.. endpoints]);

    private static EndpointConfig Endpoint(int port, EndpointHealth health = EndpointHealth.Healthy, int weight = 100) =>
        new("10.0.0.1", port, weight, health, Locality.Unknown);
}
