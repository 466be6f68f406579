using Envoy.Config.Route.V3;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Policies;
using Mesh.Xds.Encoding;
using Mesh.Xds.Resources;
using Mesh.Xds.Translation;
using static Mesh.Xds.Tests.Snapshots;

namespace Mesh.Xds.Tests.Resources;

public sealed class MeshResourcesTests
{
    private static readonly MeshResources One = MeshResources.Empty.With(Greeter, Of(1, Endpoint("a", 1))).Next;

    [Fact]
    public void What_a_client_cannot_see_changes_no_resource()
    {
        var (next, change) = One.With(Greeter, Of(2, Endpoint("a", 1, HealthStatus.Suspect) with { Reason = "2 consecutive 5xx" }));

        Assert.False(change.Any);
        Assert.Same(One, next);
    }

    [Fact]
    public void An_ejection_changes_the_endpoints_and_leaves_the_bytes_of_the_rest_alone()
    {
        var (next, change) = One.With(Greeter, Of(2, Endpoint("a", 1, HealthStatus.Ejected)));

        Assert.Equal(new ResourceChange(Greeter, false, true, false), change);
        Assert.NotEqual(Find(One, ResourceType.Endpoints).Version, Find(next, ResourceType.Endpoints).Version);
        Assert.Same(Find(One, ResourceType.Cluster), Find(next, ResourceType.Cluster));
        Assert.Same(One.For(ClientKind.Sidecar).All(ResourceType.Cluster), next.For(ClientKind.Sidecar).All(ResourceType.Cluster));
        Assert.Same(
            One.For(ClientKind.Sidecar).Find(ResourceType.Route, "mesh_outbound"), next.For(ClientKind.Sidecar).Find(ResourceType.Route, "mesh_outbound"));
    }

    [Fact]
    public void A_policy_changes_the_cluster_and_routes_only_where_they_hash()
    {
        var limits = new TrafficPolicy { ConnectionPool = new() { MaxConnections = 1 }, Source = "DestinationRule/default/a@1" };
        var (next, change) = One.With(Greeter, Of(Greeter, 2, limits, Endpoint("a", 1)));
        Assert.Equal(new ResourceChange(Greeter, true, false, false), change);
        Assert.NotEqual(
            Find(One, ResourceType.Cluster).Version, Assert.Single(next.For(ClientKind.Sidecar).All(ResourceType.Cluster)).Version);

        (next, change) = next.With(Greeter, Of(Greeter, 3, limits with { Source = "DestinationRule/default/a@2" }, Endpoint("a", 1)));
        Assert.False(change.Any);

        var hash = limits with { LoadBalancer = LoadBalancerAlgorithm.RingHash, ConsistentHash = new() { HttpHeaderName = "x" } };
        (_, change) = next.With(Greeter, Of(Greeter, 4, hash, Endpoint("a", 1)));
        Assert.Equal(new ResourceChange(Greeter, true, false, true), change);
    }

    [Fact]
    public void Every_stream_gets_the_same_bytes()
    {
        foreach (var type in ResourceTypes.InOrder)
        {
            var name = type is ResourceType.Cluster or ResourceType.Endpoints ? "default/greeter" : "greeter:80";
            Assert.Same(One.For(ClientKind.ProxylessGrpc).Find(type, name), One.For(ClientKind.ProxylessGrpc).Find(type, name));
        }
    }

    [Fact]
    public void A_service_that_is_gone_is_found_no_more()
    {
        var (next, change) = One.With(Greeter, null);

        Assert.Equal(new ResourceChange(Greeter, true, true, true), change);
        Assert.Empty(next.For(ClientKind.Sidecar).All(ResourceType.Cluster));
        Assert.Null(next.For(ClientKind.Sidecar).Find(ResourceType.Listener, "greeter"));
        Assert.False(next.With(Greeter, null).Change.Any);
    }

    [Fact]
    public void A_sidecars_routes_are_what_protobuf_would_have_made_of_them()
    {
        var (two, _) = One.With(new ServiceId("other", "shop"), Of(new ServiceId("other", "shop"), 1, TrafficPolicy.Default));
        Assert.Equal(["default/greeter", "other/shop"], two.For(ClientKind.Sidecar).All(ResourceType.Cluster).Select(r => r.Name));
        var resource = two.For(ClientKind.Sidecar).Find(ResourceType.Route, "mesh_outbound")!;

        var expected = new RouteConfiguration { Name = "mesh_outbound", IgnorePortInHostMatching = true };
        expected.VirtualHosts.Add(RouteTranslation.VirtualHost(Greeter, TrafficPolicy.Default, ClientKind.Sidecar));
        expected.VirtualHosts.Add(RouteTranslation.VirtualHost(new ServiceId("other", "shop"), TrafficPolicy.Default, ClientKind.Sidecar));
        Assert.Equal(expected, Unpack<RouteConfiguration>(resource));
        Assert.NotEqual(One.For(ClientKind.Sidecar).Find(ResourceType.Route, "mesh_outbound")!.Version, resource.Version);
    }

    [Fact]
    public void A_response_is_the_message_that_protobuf_would_have_written()
    {
        var resource = Find(One, ResourceType.Endpoints);
        var message = new EncodedResponse(ResourceType.Endpoints, "1.1", "7", [resource, resource]).ToMessage();

        Assert.Equal(("1.1", "7", ResourceTypes.EndpointsUrl, 2), (message.VersionInfo, message.Nonce, message.TypeUrl, message.Resources.Count));
        Assert.Equal(
            EndpointsTranslation.Translate(Greeter, ServedEndpoints.Of(Of(1, Endpoint("a", 1))), ClientKind.Sidecar),
            message.Resources[1].Unpack<Envoy.Config.Endpoint.V3.ClusterLoadAssignment>());
    }

    [Fact]
    public void A_sets_version_changes_with_any_member_and_with_nothing_else()
    {
        (string, string)[] set = [("a", "1"), ("b", "2")];

        Assert.Equal(ContentHash.Of(set), ContentHash.Of([.. set]));
        Assert.NotEqual(ContentHash.Of(set), ContentHash.Of([("a", "1"), ("b", "3")]));
        Assert.NotEqual(ContentHash.Of(set), ContentHash.Of([("a", "1")]));
        Assert.NotEqual(ContentHash.Of([("ab", "c")]), ContentHash.Of([("a", "bc")]));
    }

    private static EncodedResource Find(MeshResources resources, ResourceType type) =>
        resources.For(ClientKind.Sidecar).Find(type, "default/greeter")!;

    private static T Unpack<T>(EncodedResource resource)
        where T : Google.Protobuf.IMessage<T>, new() =>
        new EncodedResponse(resource.Type, "", "", [resource]).ToMessage().Resources[0].Unpack<T>();
}
