using Envoy.Config.Endpoint.V3;
using FsCheck;
using FsCheck.Fluent;
using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Core.Routing;
using Mesh.Xds.Encoding;
using Mesh.Xds.Resources;
using Mesh.Xds.Translation;
using static Mesh.Xds.Tests.Snapshots;

namespace Mesh.Xds.Tests.Resources;

/// <summary>Where splits lead to: beyond a client's reach, and to services that do not exist.</summary>
public sealed class LeadsTests
{
    private static readonly ServiceId Canary = new("shop", "canary");
    private static readonly ServiceId Other = new("other", "x");
    private static readonly ClientProfile NearGreeter = new() { Reach = Reach.Of(["default/*"], null, out _) };

    [Fact]
    public void A_destination_that_does_not_exist_has_a_cluster_and_no_endpoints_and_no_name_to_dial()
    {
        var mesh = MeshResources.Empty.With(Greeter, To(1, Greeter, Greeter, Canary)).Next;

        foreach (var kind in ClientKinds.All)
        {
            var source = mesh.For(kind);
            Assert.NotNull(source.Find(ResourceType.Cluster, "shop/canary"));
            Assert.Empty(Endpoints(source));
            Assert.Null(source.Find(ResourceType.Listener, "canary.shop.mesh"));
            Assert.Null(source.Find(ResourceType.Route, "canary.shop.mesh"));
            Assert.Equal(["default/greeter", "shop/canary"], source.All(ResourceType.Cluster).Select(r => r.Name));
        }

        Assert.Equal(1, mesh.Services);
    }

    [Fact]
    public void It_takes_its_endpoints_up_when_it_comes_and_gives_them_up_when_it_goes()
    {
        var mesh = MeshResources.Empty.With(Greeter, To(1, Greeter, Greeter, Canary)).Next;
        var cluster = mesh.For(ClientKind.Sidecar).Find(ResourceType.Cluster, "shop/canary")!;

        (mesh, var change) = mesh.With(Canary, Of(Canary, 1, TrafficPolicy.Default, Endpoint("a", 1)));
        Assert.Equal((true, true, true), (change.Cluster, change.Endpoints, change.Routes));
        Assert.Equal([Greeter], change.LedFrom!);
        Assert.Single(Endpoints(mesh.For(ClientKind.Sidecar)));
        Assert.Equal(cluster.Version, mesh.For(ClientKind.Sidecar).Find(ResourceType.Cluster, "shop/canary")!.Version);
        Assert.NotNull(mesh.For(ClientKind.Sidecar).Find(ResourceType.Route, "canary.shop.mesh"));

        mesh = mesh.With(Canary, null).Next;
        Assert.Empty(Endpoints(mesh.For(ClientKind.Sidecar)));
        Assert.Null(mesh.For(ClientKind.Sidecar).Find(ResourceType.Route, "canary.shop.mesh"));

        (mesh, change) = mesh.With(Greeter, Of(2, Endpoint("a", 1)));
        Assert.Equal([Canary], change.Led!.Value);
        Assert.Null(mesh.For(ClientKind.Sidecar).Find(ResourceType.Cluster, "shop/canary"));
        Assert.Equal(["default/greeter"], mesh.For(ClientKind.Sidecar).All(ResourceType.Cluster).Select(r => r.Name));
    }

    [Fact]
    public void Whoever_reaches_a_service_gets_the_clusters_that_its_routes_lead_to()
    {
        var mesh = MeshResources.Empty.With(Canary, Of(Canary, 1, TrafficPolicy.Default, Endpoint("a", 1))).Next.With(Greeter, Of(1, Endpoint("a", 1))).Next;
        Assert.Equal(["default/greeter"], Clusters(mesh));

        mesh = mesh.With(Greeter, To(2, Greeter, Greeter, Canary)).Next;
        Assert.Equal(["default/greeter", "shop/canary"], Clusters(mesh));
        Assert.Equal(["default/greeter", "shop/canary"], mesh.For(NearGreeter).All(ResourceType.Endpoints).Select(r => r.Name));
        Assert.Equal(["default/greeter"], Unpack<Envoy.Config.Route.V3.RouteConfiguration>(mesh.For(NearGreeter).Find(ResourceType.Route, "mesh_outbound")!).VirtualHosts.Select(h => h.Name));

        var limited = Of(Canary, 2, new TrafficPolicy { ConnectionPool = new() { MaxConnections = 7 } }, Endpoint("a", 1));
        (mesh, var change) = mesh.With(Canary, limited);
        Assert.True(change.IsWithin(NearGreeter.Reach));
        Assert.Equal(mesh.For(NearGreeter).All(ResourceType.Cluster)[1], mesh.For(ClientKind.Sidecar).Find(ResourceType.Cluster, "shop/canary"));

        (mesh, change) = mesh.With(Greeter, Of(3, Endpoint("a", 1)));
        Assert.Equal(["default/greeter"], Clusters(mesh));
        Assert.False(mesh.With(Canary, Of(Canary, 3, TrafficPolicy.Default)).Change.IsWithin(NearGreeter.Reach));
    }

    [Fact]
    public void What_a_view_shows_is_what_a_fresh_one_would_whatever_happened_before()
    {
        var names = new[] { Greeter, new ServiceId("default", "b"), Canary, Other };
        var step =
            from service in Gen.Elements(names)
            from gone in Gen.Frequency((1, Gen.Constant(true)), (3, Gen.Constant(false)))
            from to in Gen.Elements(names).ListOf()
            select (service, gone, to: to.Distinct().ToArray());

        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true), Prop.ForAll(step.ListOf().ToArbitrary(), steps =>
        {
            var mesh = MeshResources.Empty;
            var now = new Dictionary<ServiceId, ServiceId[]>();
            foreach (var (service, gone, to) in steps)
            {
                mesh = mesh.With(service, gone ? null : To(1, service, to)).Next;
                now.Remove(service);
                if (!gone)
                {
                    now[service] = to;
                }

                var near = now.Where(pair => pair.Key.Namespace == "default").SelectMany(pair => pair.Value.Prepend(pair.Key));
                var all = now.SelectMany(pair => pair.Value.Prepend(pair.Key));
                Assert.Equal(Ids(near), Clusters(mesh));
                Assert.Equal(Ids(all), mesh.For(ClientKind.Sidecar).All(ResourceType.Cluster).Select(r => r.Name));
                Assert.All(names, name => Assert.Equal(all.Contains(name), mesh.For(ClientKind.Sidecar).Find(ResourceType.Cluster, name.ToString()) is not null));
            }
        }));
    }

    private static IEnumerable<string> Ids(IEnumerable<ServiceId> services) => services.Distinct().Order().Select(id => id.ToString());

    private static IEnumerable<string> Clusters(MeshResources mesh) => mesh.For(NearGreeter).All(ResourceType.Cluster).Select(r => r.Name);

    private static Core.Snapshots.ServiceSnapshot To(long number, ServiceId service, params ServiceId[] to) => Of(service, number, TrafficPolicy.Default, Endpoint("a", 1)) with
    {
        Routing = to.Length == 0 ? null : new ServiceRouting { Destinations = [.. to.Select(id => new RouteDestination(id, 1))] },
    };

    private static Google.Protobuf.Collections.RepeatedField<LocalityLbEndpoints> Endpoints(IResourceSource source) =>
        Unpack<ClusterLoadAssignment>(source.Find(ResourceType.Endpoints, "shop/canary")!).Endpoints;

    private static T Unpack<T>(EncodedResource resource)
        where T : Google.Protobuf.IMessage<T>, new() =>
        new EncodedResponse(resource.Type, "", "", [resource]).ToMessage().Resources[0].Unpack<T>();
}
