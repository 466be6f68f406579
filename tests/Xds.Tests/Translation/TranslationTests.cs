using Envoy.Config.Cluster.V3;
using Envoy.Config.Core.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Xds.Translation;
using static Envoy.Config.Cluster.V3.Cluster.Types;
using static Mesh.Xds.Tests.Snapshots;
using HealthStatus = Mesh.Core.Health.HealthStatus;

namespace Mesh.Xds.Tests.Translation;

public sealed class TranslationTests
{
    [Theory]
    [InlineData(LoadBalancerAlgorithm.RoundRobin, LbPolicy.RoundRobin)]
    [InlineData(LoadBalancerAlgorithm.LeastRequest, LbPolicy.LeastRequest)]
    [InlineData(LoadBalancerAlgorithm.Random, LbPolicy.Random)]
    [InlineData(LoadBalancerAlgorithm.RingHash, LbPolicy.RingHash)]
    public void Sidecars_balance_as_the_policy_says_and_grpc_goes_round_robin(LoadBalancerAlgorithm algorithm, LbPolicy expected)
    {
        var policy = new TrafficPolicy { LoadBalancer = algorithm };

        Assert.Equal(expected, ClusterTranslation.Translate(Greeter, policy, ClientKind.Sidecar).LbPolicy);
        Assert.Equal(expected, ClusterTranslation.Translate(Greeter, policy, ClientKind.MeshProxy).LbPolicy);
        Assert.Equal(LbPolicy.RoundRobin, ClusterTranslation.Translate(Greeter, policy, ClientKind.ProxylessGrpc).LbPolicy);
    }

    [Fact]
    public void A_cluster_takes_its_endpoints_over_this_stream_reports_to_where_it_came_from_and_has_the_policys_limits()
    {
        var policy = new TrafficPolicy
        {
            ConnectionPool = new() { MaxConnections = 1, Http1MaxPendingRequests = 2, Http2MaxRequests = 3, MaxRetries = 4, ConnectTimeout = TimeSpan.FromSeconds(5) },
        };
        foreach (var kind in ClientKinds.All)
        {
            var cluster = ClusterTranslation.Translate(Greeter, policy, kind);
            Assert.Equal("default/greeter", cluster.Name);
            Assert.Equal(DiscoveryType.Eds, cluster.Type);
            Assert.NotNull(cluster.EdsClusterConfig.EdsConfig.Ads);
            Assert.NotNull(cluster.LrsServer.Self);
            Assert.Equal(5, cluster.ConnectTimeout.Seconds);
            var limits = Assert.Single(cluster.CircuitBreakers.Thresholds);
            Assert.Equal((1u, 2u, 3u, 4u), (limits.MaxConnections, limits.MaxPendingRequests, limits.MaxRequests, limits.MaxRetries));
        }
    }

    [Fact]
    public void Envoy_detects_within_the_budget_our_proxy_only_knows_the_thresholds_and_grpc_has_none()
    {
        var policy = new TrafficPolicy { OutlierDetection = new() { Consecutive5xx = 7, ConsecutiveGatewayFailure = 0, MaxEjectionPercent = 20 } };
        var envoy = ClusterTranslation.Translate(Greeter, policy, ClientKind.Sidecar).OutlierDetection;
        var ours = ClusterTranslation.Translate(Greeter, policy, ClientKind.MeshProxy).OutlierDetection;

        Assert.Equal((7u, 100u, 20u), (envoy.Consecutive5Xx, envoy.EnforcingConsecutive5Xx, envoy.MaxEjectionPercent));
        Assert.Equal((7u, 0u, 20u), (ours.Consecutive5Xx, ours.EnforcingConsecutive5Xx, ours.MaxEjectionPercent));
        Assert.Null(envoy.ConsecutiveGatewayFailure);
        Assert.Equal(0u, envoy.EnforcingConsecutiveGatewayFailure);
        Assert.Equal((0u, 0u), (envoy.EnforcingSuccessRate, envoy.EnforcingFailurePercentage));
        Assert.Null(ClusterTranslation.Translate(Greeter, policy, ClientKind.ProxylessGrpc).OutlierDetection);
    }

    [Fact]
    public void Envoy_does_not_hold_back_changes_of_health() =>
        Assert.Equal(new(), ClusterTranslation.Translate(Greeter, TrafficPolicy.Default, ClientKind.Sidecar).CommonLbConfig.UpdateMergeWindow);

    [Fact]
    public void An_ejected_endpoint_is_unhealthy_to_a_sidecar_and_not_there_for_grpc()
    {
        var endpoints = ServedEndpoints.Of(Of(1, Endpoint("a", 1, weight: 150), Endpoint("b", 2, HealthStatus.Ejected, 50), Endpoint("c", 3, HealthStatus.Ejected, zone: "z")));

        var sidecar = EndpointsTranslation.Translate(Greeter, endpoints, ClientKind.Sidecar);
        Assert.Equal(
            [Envoy.Config.Core.V3.HealthStatus.Healthy, Envoy.Config.Core.V3.HealthStatus.Unhealthy],
            sidecar.Endpoints[0].LbEndpoints.Select(e => e.HealthStatus));
        Assert.Equal(2, sidecar.Endpoints.Count);
        Assert.Equal(200u, sidecar.Endpoints[0].LoadBalancingWeight);

        var grpc = Assert.Single(EndpointsTranslation.Translate(Greeter, endpoints, ClientKind.ProxylessGrpc).Endpoints);
        Assert.Equal(1u, Assert.Single(grpc.LbEndpoints).Endpoint.Address.SocketAddress.PortValue);
        Assert.Equal(150u, grpc.LoadBalancingWeight);
        Assert.NotNull(grpc.Locality);
    }

    [Fact]
    public void A_service_without_endpoints_has_an_empty_assignment() =>
        Assert.Empty(EndpointsTranslation.Translate(Greeter, [], ClientKind.ProxylessGrpc).Endpoints);

    [Theory]
    [InlineData("greeter")]
    [InlineData("greeter:8080")]
    [InlineData("greeter.default.svc.cluster.local:80")]
    public void The_routes_of_a_target_match_the_target_as_it_was_written(string asked)
    {
        var routes = RouteTranslation.ForTarget(asked, Greeter, TrafficPolicy.Default, ClientKind.ProxylessGrpc);

        Assert.Equal(asked, routes.Name);
        var host = Assert.Single(routes.VirtualHosts);
        Assert.Contains(asked, host.Domains);
        Assert.Equal(host.Domains.Distinct(), host.Domains);
        Assert.Equal("default/greeter", Assert.Single(host.Routes).Route_.Cluster);
    }

    [Fact]
    public void A_name_that_two_services_could_claim_is_listed_once_where_it_leads_to()
    {
        var claimant = new ServiceId("default", "greeter.other.mesh");
        var owner = new ServiceId("other", "greeter");

        Assert.DoesNotContain("greeter.other.mesh", RouteTranslation.VirtualHost(claimant, TrafficPolicy.Default, ClientKind.Sidecar).Domains);
        Assert.Contains("greeter.other.mesh", RouteTranslation.VirtualHost(owner, TrafficPolicy.Default, ClientKind.Sidecar).Domains);
    }

    [Fact]
    public void A_ring_hash_hashes_what_the_policy_names()
    {
        var policy = new TrafficPolicy { LoadBalancer = LoadBalancerAlgorithm.RingHash, ConsistentHash = new() { HttpHeaderName = "x-user", MinimumRingSize = 64 } };

        Assert.Equal(64ul, ClusterTranslation.Translate(Greeter, policy, ClientKind.Sidecar).RingHashLbConfig.MinimumRingSize);
        var action = RouteTranslation.VirtualHost(Greeter, policy, ClientKind.Sidecar).Routes[0].Route_;
        Assert.Equal("x-user", Assert.Single(action.HashPolicy).Header.HeaderName);
        Assert.Empty(RouteTranslation.VirtualHost(Greeter, policy, ClientKind.ProxylessGrpc).Routes[0].Route_.HashPolicy);
    }

    [Fact]
    public void A_listener_ends_with_the_router_and_finds_its_routes_over_this_stream()
    {
        var manager = ListenerTranslation.ForTarget("greeter:80").ApiListener.ApiListener_.Unpack<HttpConnectionManager>();

        Assert.Equal("greeter:80", manager.Rds.RouteConfigName);
        Assert.NotNull(manager.Rds.ConfigSource.Ads);
        Assert.NotEmpty(manager.StatPrefix);
        Assert.EndsWith("filters.http.router.v3.Router", manager.HttpFilters[^1].TypedConfig.TypeUrl, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mesh-proxy", "", ClientKind.MeshProxy)]
    [InlineData("gRPC Node Pure JS", "", ClientKind.ProxylessGrpc)]
    [InlineData("gRPC C-core linux", "", ClientKind.ProxylessGrpc)]
    [InlineData("", "envoy.lb.does_not_support_overprovisioning", ClientKind.ProxylessGrpc)]
    [InlineData("envoy", "envoy.config.listener.v3", ClientKind.Sidecar)]
    [InlineData("linkerd", "", ClientKind.Sidecar)]
    [InlineData("", "", ClientKind.Mosn)]
    public void A_client_is_known_by_what_it_says_of_itself(string userAgent, string feature, ClientKind expected) =>
        Assert.Equal(expected, ClientKinds.Of(new Node { UserAgentName = userAgent, ClientFeatures = { feature } }));

    [Theory]
    [InlineData(ResourceType.Cluster, "default/greeter", "default/greeter")]
    [InlineData(ResourceType.Endpoints, "default/greeter", "default/greeter")]
    [InlineData(ResourceType.Cluster, "greeter", null)]
    [InlineData(ResourceType.Listener, "greeter.other.mesh:80", "other/greeter")]
    [InlineData(ResourceType.Route, "greeter", "default/greeter")]
    [InlineData(ResourceType.Listener, "grpc/server?xds.resource.listening_address=0.0.0.0:80", null)]
    [InlineData(ResourceType.Listener, "", null)]
    [InlineData(ResourceType.Listener, ":80", null)]
    [InlineData(ResourceType.Route, "mesh_outbound", null)]
    public void A_resources_name_leads_to_a_service(ResourceType type, string name, string? service) =>
        Assert.Equal(service, ResourceNames.ServiceOf(type, name)?.ToString());
}
