using Envoy.Config.Route.V3;
using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Core.Routing;
using Mesh.Xds.Encoding;
using Mesh.Xds.Resources;
using Mesh.Xds.Translation;
using static Mesh.Xds.Tests.Snapshots;

namespace Mesh.Xds.Tests.Translation;

public sealed class SplitTests
{
    private static readonly ServiceId Canary = new("default", "greeter-canary");

    private static readonly ServiceRouting Split = new()
    {
        RuleName = "canary",
        Destinations = [new(Greeter, 90), new(Canary, 5), new(new("shop", "later"), 0)],
    };

    [Fact]
    public void A_split_is_weighted_clusters_with_their_sum_and_without_who_gets_nothing()
    {
        foreach (var kind in ClientKinds.All)
        {
            var route = Assert.Single(Assert.Single(RouteTranslation.ForTarget("greeter:80", Greeter, TrafficPolicy.Default, kind, Split).VirtualHosts).Routes);

            Assert.Equal(("canary", "/", RouteAction.ClusterSpecifierOneofCase.WeightedClusters), (route.Name, route.Match.Prefix, route.Route_.ClusterSpecifierCase));
            Assert.Equal([("default/greeter", 90u), ("default/greeter-canary", 5u)], Weights(route));
#pragma warning disable CS0612 // What C-core needs, deprecated or not.
            Assert.Equal(95u, route.Route_.WeightedClusters.TotalWeight);
#pragma warning restore CS0612
            Assert.Equal(RouteTranslation.Retries, route.Route_.RetryPolicy.NumRetries);
        }
    }

    [Fact]
    public void One_destination_is_a_plain_cluster_whatever_it_is_and_whoever_else_has_no_weight()
    {
        var routing = new ServiceRouting { Destinations = [new(Greeter, 0), new(Canary, 7)] };
        var route = RouteTranslation.VirtualHost(Greeter, TrafficPolicy.Default, ClientKind.Sidecar, routing).Routes[0];

        Assert.Equal(("default", "default/greeter-canary"), (route.Name, route.Route_.Cluster));
    }

    [Fact]
    public void The_hash_is_that_of_the_service_that_was_asked_for()
    {
        var policy = new TrafficPolicy { LoadBalancer = LoadBalancerAlgorithm.RingHash, ConsistentHash = new() { HttpHeaderName = "x-user" } };

        Assert.Equal("x-user", RouteTranslation.VirtualHost(Greeter, policy, ClientKind.Sidecar, Split).Routes[0].Route_.HashPolicy[0].Header.HeaderName);
    }

    [Fact]
    public void A_changed_split_changes_the_routes_and_nothing_else()
    {
        var plain = MeshResources.Empty.With(Greeter, Of(1, Endpoint("a", 1))).Next;

        var (split, change) = plain.With(Greeter, Of(2, Endpoint("a", 1)) with { Routing = Split });
        Assert.Equal((false, false, true), (change.Cluster, change.Endpoints, change.Routes));
        foreach (var (name, kind) in new[] { ("mesh_outbound", ClientKind.Sidecar), ("greeter", ClientKind.ProxylessGrpc), ("greeter:80", ClientKind.MeshProxy) })
        {
            var (before, after) = (plain.For(kind).Find(ResourceType.Route, name)!, split.For(kind).Find(ResourceType.Route, name)!);
            Assert.NotEqual(before.Version, after.Version);
            Assert.Equal([("default/greeter", 90u), ("default/greeter-canary", 5u)], Weights(Unpack(after).VirtualHosts[0].Routes[0]));
        }

        (var more, change) = split.With(Greeter, Of(3, Endpoint("a", 1)) with { Routing = Split with { Destinations = [new(Greeter, 80), new(Canary, 20)] } });
        Assert.Equal(new ResourceChange(Greeter, false, false, true), change);

        change = more.With(Greeter, Of(4, Endpoint("a", 1))).Change;
        Assert.Equal((false, false, true), (change.Cluster, change.Endpoints, change.Routes));
        Assert.Equal([Canary], change.Led!.Value);
    }

    [Fact]
    public void Another_version_of_a_document_that_says_the_same_is_no_news_to_a_client()
    {
        var split = MeshResources.Empty.With(Greeter, Of(1, Endpoint("a", 1)) with { Routing = Split with { Source = "VirtualService/default/greeter@1" } }).Next;

        var same = Split with { Source = "VirtualService/default/greeter@2", Destinations = [.. Split.Destinations] };
        Assert.False(split.With(Greeter, Of(2, Endpoint("a", 1)) with { Routing = same }).Change.Any);
    }

    private static IEnumerable<(string, uint)> Weights(Route route) =>
        route.Route_.WeightedClusters.Clusters.Select(c => (c.Name, c.Weight!.Value));

    private static RouteConfiguration Unpack(EncodedResource resource) =>
        new EncodedResponse(resource.Type, "", "", [resource]).ToMessage().Resources[0].Unpack<RouteConfiguration>();
}
