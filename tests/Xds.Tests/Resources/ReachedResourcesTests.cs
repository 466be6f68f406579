using Envoy.Config.Listener.V3;
using Envoy.Config.Route.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Localities;
using Mesh.Core.Policies;
using Mesh.Core.Routing;
using Mesh.Xds.Encoding;
using Mesh.Xds.Resources;
using Mesh.Xds.Translation;
using static Mesh.Xds.Tests.Snapshots;

namespace Mesh.Xds.Tests.Resources;

public sealed class ReachedResourcesTests
{
    private static readonly ServiceId Cart = new("shop", "cart");
    private static readonly ServiceId Billing = new("shop", "billing");
    private static readonly TrafficPolicy Hashing = new() { LoadBalancer = LoadBalancerAlgorithm.RingHash, ConsistentHash = new() { HttpHeaderName = "x" } };

    [Fact]
    public void Wildcards_and_the_meshs_routes_are_what_a_client_reaches_and_what_is_named_is_answered()
    {
        var source = Three().For(Reaching("shop/*"));

        Assert.Equal(["shop/billing", "shop/cart"], source.All(ResourceType.Cluster).Select(r => r.Name));
        Assert.Equal(["shop/billing", "shop/cart"], source.All(ResourceType.Endpoints).Select(r => r.Name));
        Assert.Equal(["shop/billing", "shop/cart"], Hosts(source.Find(ResourceType.Route, "mesh_outbound")));
        foreach (var (type, name) in new[] { (ResourceType.Cluster, "default/greeter"), (ResourceType.Endpoints, "default/greeter"), (ResourceType.Listener, "greeter"), (ResourceType.Route, "greeter") })
        {
            Assert.NotNull(source.Find(type, name));
        }
    }

    [Fact]
    public void An_ingress_has_its_own_listener_and_routes_to_what_it_reaches()
    {
        var nothing = Three().For(new ClientProfile { Role = ClientRole.Ingress, Reach = Reach.Nothing });
        Assert.Equal(["mesh_ingress"], nothing.All(ResourceType.Listener).Select(r => r.Name));
        Assert.Empty(nothing.All(ResourceType.Cluster));
        Assert.Empty(Hosts(nothing.Find(ResourceType.Route, "mesh_ingress")));

        var cart = Three().For(Reaching("shop/cart") with { Role = ClientRole.Ingress });
        Assert.Equal(["shop/cart"], Hosts(cart.Find(ResourceType.Route, "mesh_ingress")));
        Assert.Equal("mesh_ingress", Unpack<RouteConfiguration>(cart.Find(ResourceType.Route, "mesh_ingress")).Name);
        var listener = Unpack<Listener>(cart.Find(ResourceType.Listener, "mesh_ingress"));
        Assert.Equal(("0.0.0.0", 8080u), (listener.Address.SocketAddress.Address, listener.Address.SocketAddress.PortValue));
        var manager = listener.FilterChains[0].Filters[0].TypedConfig.Unpack<HttpConnectionManager>();
        Assert.True(manager.UseRemoteAddress);
        Assert.Equal("mesh_ingress", manager.Rds.RouteConfigName);
        Assert.NotEmpty(manager.StatPrefix);
    }

    [Fact]
    public void Equal_reaches_share_every_byte_and_others_share_what_they_have_in_common()
    {
        var mesh = Three();
        var (one, other) = (mesh.For(Reaching("shop/*", "shop/cart")), mesh.For(Reaching("shop/*") with { Place = ClientPlace.At("eu") }));

        Assert.Same(one.All(ResourceType.Cluster), other.All(ResourceType.Cluster));
        Assert.Same(one.Find(ResourceType.Route, "mesh_outbound"), other.Find(ResourceType.Route, "mesh_outbound"));
        Assert.Same(mesh.For(ClientKind.Sidecar).All(ResourceType.Cluster)[1], one.All(ResourceType.Cluster)[0]);
        Assert.Equal(1, mesh.SharedReaches);
    }

    [Fact]
    public void A_change_outside_a_reach_makes_nothing_anew_within_it()
    {
        var mesh = Three();
        var (clusters, routes) = Seen(mesh, "shop/*");

        foreach (var change in new[] { Of(Greeter, 2, Hashing, Endpoint("a", 1)), null })
        {
            mesh = mesh.With(Greeter, change).Next;
            var now = Seen(mesh, "shop/*");
            Assert.Same(clusters, now.Clusters);
            Assert.Same(routes, now.Routes);
        }

        mesh = mesh.With(Cart, Of(Cart, 2, Hashing)).Next;
        Assert.NotSame(clusters, Seen(mesh, "shop/*").Clusters);
        Assert.NotSame(routes, Seen(mesh, "shop/*").Routes);
        Assert.Same(clusters[0], Seen(mesh, "shop/*").Clusters[0]);
    }

    [Fact]
    public void A_change_of_the_cluster_alone_leaves_the_routes_as_they_are()
    {
        var mesh = Three();
        var (clusters, routes) = Seen(mesh, "shop/*");

        mesh = mesh.With(Cart, Of(Cart, 2, new TrafficPolicy { ConnectionPool = new() { MaxConnections = 3 } })).Next;
        Assert.NotSame(clusters, Seen(mesh, "shop/*").Clusters);
        Assert.Same(routes, Seen(mesh, "shop/*").Routes);
    }

    [Fact]
    public void A_change_of_endpoints_touches_nothing_that_grows_with_the_number_of_services()
    {
        var mesh = MeshResources.Empty;
        for (var i = 0; i < 10_000; i++)
        {
            var id = new ServiceId("n", $"s{i:D5}");
            mesh = mesh.With(id, Of(id, 1, TrafficPolicy.Default, Endpoint("a", 1))).Next;
        }

        var subject = new ServiceId("n", "s05000");
        var (all, few) = (Seen(mesh, "*/*"), Seen(mesh, "n/s05000", "n/s05001"));
        Assert.Equal(10_000, all.Clusters.Count);
        // The first call pays for what is made once.
        mesh = mesh.With(subject, Of(subject, 2, TrafficPolicy.Default, Endpoint("a", 2))).Next;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            (mesh, var change) = mesh.With(subject, Of(subject, 3 + i, TrafficPolicy.Default, Endpoint("a", 3 + i)));
            Assert.Equal(new ResourceChange(subject, false, true, false), change);
            Assert.NotNull(mesh.For(Reaching("*/*")).Find(ResourceType.Endpoints, "n/s05000"));
        }

        // A copy of 10,000 references alone would be 80 kB.
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 100, 1, 20_000);
        Assert.Same(all.Clusters, Seen(mesh, "*/*").Clusters);
        Assert.Same(all.Routes, Seen(mesh, "*/*").Routes);
        Assert.Same(few.Clusters, Seen(mesh, "n/s05000", "n/s05001").Clusters);
    }

    [Fact]
    public void A_split_brings_along_the_clusters_that_its_routes_lead_to_for_as_long_as_they_do()
    {
        var split = new ServiceRouting { Destinations = [new(Cart, 90), new(Greeter, 9), new(new("none", "such"), 1), new(new("other", "idle"), 0)] };
        var whole = Of(Cart, 1, TrafficPolicy.Default);
        var mesh = Three();
        Assert.Equal(["shop/cart"], Clusters());

        (mesh, var change) = mesh.With(Cart, whole with { Routing = split });
        Assert.Equal(["default/greeter", "none/such"], change.Led!.Value.Select(id => id.ToString()));
        Assert.Equal(["default/greeter", "none/such", "shop/cart"], Clusters());
        Assert.Equal(["shop/cart"], Hosts(mesh.For(Reaching("shop/cart")).Find(ResourceType.Route, "mesh_outbound")));

        var before = mesh.For(Reaching("shop/cart")).All(ResourceType.Cluster);
        (mesh, change) = mesh.With(Greeter, Of(Greeter, 2, new TrafficPolicy { ConnectionPool = new() { MaxConnections = 3 } }, Endpoint("a", 1)));
        Assert.True(change.ConcernsClusters(Reach.Of(["shop/cart"], null, out _)));
        Assert.False(change.ConcernsClusters(Reach.Of(["shop/billing"], null, out _)));
        Assert.NotEqual(before[0].Version, mesh.For(Reaching("shop/cart")).All(ResourceType.Cluster)[0].Version);

        // One that does not exist is there all the same, without endpoints.
        mesh = mesh.With(Greeter, null).Next;
        Assert.Equal(["default/greeter", "none/such", "shop/cart"], Clusters());
        mesh = mesh.With(Greeter, Of(Greeter, 3, TrafficPolicy.Default)).Next;
        Assert.Equal(["default/greeter", "none/such", "shop/cart"], Clusters());

        mesh = mesh.With(Cart, whole).Next;
        Assert.Equal(["shop/cart"], Clusters());
        (_, change) = mesh.With(Greeter, Of(Greeter, 4, new TrafficPolicy { ConnectionPool = new() { MaxConnections = 4 } }));
        Assert.Null(change.LedFrom);

        IEnumerable<string> Clusters() => mesh.For(Reaching("shop/cart")).All(ResourceType.Cluster).Select(r => r.Name);
    }

    [Fact]
    public void Further_reaches_than_are_shared_are_answered_all_the_same()
    {
        var mesh = Three();
        for (var i = 0; i < MeshResources.MostReaches + 10; i++)
        {
            Assert.Equal(["default/greeter"], Seen(mesh, "default/greeter", $"other/s{i}").Clusters.Select(r => r.Name));
        }

        Assert.Equal(MeshResources.MostReaches, mesh.SharedReaches);
        var (one, again) = (Seen(mesh, "shop/cart"), Seen(mesh, "shop/cart"));
        Assert.NotSame(one.Clusters, again.Clusters);
        Assert.Same(one.Clusters[0], again.Clusters[0]);
        Assert.Equal(one.Routes.Version, again.Routes.Version);
    }

    [Fact]
    public void A_reach_that_nobody_asks_for_any_more_gives_up_its_place()
    {
        var mesh = Three();
        Seen(mesh, "default/*");
        Seen(mesh, "shop/*");

        // Each change leaves a view that somebody has to come back for; shop is never concerned.
        mesh = mesh.With(Greeter, Of(Greeter, 2, Hashing)).Next;
        Assert.Equal(2, mesh.SharedReaches);
        mesh = mesh.With(Greeter, Of(Greeter, 3, TrafficPolicy.Default)).Next;
        Assert.Equal(1, mesh.SharedReaches);

        Assert.Equal(["default/greeter"], Seen(mesh, "default/*").Clusters.Select(r => r.Name));
        mesh = mesh.With(Greeter, Of(Greeter, 4, Hashing)).Next;
        Assert.Equal(2, mesh.SharedReaches);
    }

    [Theory]
    [InlineData("0.0.0.0:50051", "0.0.0.0", 50051)]
    [InlineData("[::]:50051", "::", 50051)]
    [InlineData("[2001:db8::1]:1", "2001:db8::1", 1)]
    [InlineData("[0:0:0:0:0:0:0:1]:65535", "0:0:0:0:0:0:0:1", 65535)]
    public void A_grpc_server_gets_a_listener_that_lets_all_calls_through(string asked, string address, uint port)
    {
        var name = $"grpc/server?xds.resource.listening_address={asked}";
        var resource = MeshResources.Empty.For(ClientKind.ProxylessGrpc).Find(ResourceType.Listener, name)!;
        var listener = Unpack<Listener>(resource);

        Assert.Equal((name, name), (resource.Name, listener.Name));
        Assert.Equal((address, port), (listener.Address.SocketAddress.Address, listener.Address.SocketAddress.PortValue));
        var filter = Assert.Single(Assert.Single(listener.FilterChains).Filters);
        var manager = filter.TypedConfig.Unpack<HttpConnectionManager>();
        Assert.NotEmpty(manager.StatPrefix);
        var host = Assert.Single(manager.RouteConfig.VirtualHosts);
        Assert.Equal(["*"], host.Domains);
        Assert.NotEmpty(host.Name);
        Assert.NotNull(Assert.Single(host.Routes).NonForwardingAction);
        Assert.Equal("", host.Routes[0].Match.Prefix.Trim('/'));
        Assert.EndsWith("filters.http.router.v3.Router", manager.HttpFilters[^1].TypedConfig.TypeUrl, StringComparison.Ordinal);
        Assert.Null(MeshResources.Empty.For(ClientKind.ProxylessGrpc).Find(ResourceType.Route, name));
    }

    [Theory]
    [InlineData("")]
    [InlineData(":50051")]
    [InlineData("0.0.0.0")]
    [InlineData("0.0.0.0:")]
    [InlineData("0.0.0.0:0")]
    [InlineData("0.0.0.0:65536")]
    [InlineData("0.0.0.0:+1")]
    [InlineData("0.0.0.0:x")]
    [InlineData("1:50051")]
    [InlineData("127.1:50051")]
    [InlineData("localhost:50051")]
    [InlineData(":::50051")]
    [InlineData("::1:50051")]
    [InlineData("[0.0.0.0]:50051")]
    [InlineData("[fe80::1%eth0]:50051")]
    [InlineData("[::1:50051")]
    [InlineData("[0000:0000:0000:0000:0000:0000:255.255.255.255000000000]:50051")]
    public void A_malformed_address_has_no_listener(string asked) => Assert.Null(
        MeshResources.Empty.For(ClientKind.ProxylessGrpc).Find(ResourceType.Listener, $"grpc/server?xds.resource.listening_address={asked}"));

    private static MeshResources Three() => new[] { Greeter, Cart, Billing }.Aggregate(
        MeshResources.Empty, (mesh, id) => mesh.With(id, Of(id, 1, TrafficPolicy.Default, Endpoint("a", 1, HealthStatus.Healthy))).Next);

    private static ClientProfile Reaching(params string[] entries) => new() { Reach = Reach.Of(entries, null, out _) };

    private static (IReadOnlyList<EncodedResource> Clusters, EncodedResource Routes) Seen(MeshResources mesh, params string[] entries)
    {
        var source = mesh.For(Reaching(entries));
        return (source.All(ResourceType.Cluster), source.Find(ResourceType.Route, "mesh_outbound")!);
    }

    private static IEnumerable<string> Hosts(EncodedResource? routes) => Unpack<RouteConfiguration>(routes).VirtualHosts.Select(host => host.Name);

    private static T Unpack<T>(EncodedResource? resource)
        where T : Google.Protobuf.IMessage<T>, new() =>
        new EncodedResponse(resource!.Type, "", "", [resource]).ToMessage().Resources[0].Unpack<T>();
}
