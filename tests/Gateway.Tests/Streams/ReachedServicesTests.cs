using Mesh.Core.Health;
using Mesh.Core.Policies;
using Mesh.Gateway.Streams;
using Mesh.Xds;
using Mesh.Xds.Translation;
using static Mesh.Gateway.Tests.Streams.TableView;

namespace Mesh.Gateway.Tests.Streams;

public sealed class ReachedServicesTests : IDisposable
{
    private const string Cart = "shop/cart";
    private const string Greeter = "default/greeter";

    private static readonly TrafficPolicy Hashing = new() { LoadBalancer = LoadBalancerAlgorithm.RingHash, ConsistentHash = new() { HttpHeaderName = "x" } };

    private readonly TableView _view = new();
    private readonly ResourceHub _hub;

    public ReachedServicesTests() => _hub = new(_view, TimeProvider.System);

    public void Dispose() => _hub.Dispose();

    [Fact]
    public void A_change_outside_a_clients_reach_is_not_even_told()
    {
        var (shop, all) = (new Watcher("shop/*"), new Watcher("*/*"));
        foreach (var watcher in new[] { shop, all })
        {
            _hub.Watch(watcher, ResourceType.Cluster, [], [], all: true);
            _hub.Watch(watcher, ResourceType.Route, ["mesh_outbound"], [], all: false);
        }

        _view.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        _view.Set(Greeter, Hashing, [Endpoint("a", "127.0.0.1", 1001)]);
        Assert.Empty(shop.Marks);
        Assert.Equal(["Cluster default/greeter", "Route mesh_outbound"], all.Take());

        _view.Set(Cart, Endpoint("a", "127.0.0.1", 1001));
        Assert.Equal(["Cluster shop/cart", "Route mesh_outbound"], shop.Take());
        Assert.Equal(["Cluster shop/cart", "Route mesh_outbound"], all.Take());

        _view.SetStatus(Cart, "a", HealthStatus.Ejected);
        Assert.Empty(shop.Marks);
    }

    [Fact]
    public void What_is_named_is_told_of_whatever_the_reach()
    {
        var ingress = new Watcher();
        _hub.Watch(ingress, ResourceType.Cluster, [Greeter], [], all: false);
        _hub.Watch(ingress, ResourceType.Endpoints, [Greeter], [], all: false);
        _hub.Watch(ingress, ResourceType.Route, ["mesh_ingress", "greeter:80"], [], all: false);

        _view.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));

        Assert.Equal(["Cluster default/greeter", "Endpoints default/greeter", "Route greeter:80"], ingress.Take());
    }

    [Fact]
    public void Whoever_watches_no_longer_is_told_no_more()
    {
        var (gone, left) = (new Watcher("shop/*"), new Watcher("shop/*"));
        foreach (var watcher in new[] { gone, left })
        {
            _hub.Watch(watcher, ResourceType.Cluster, [], [], all: true);
            _hub.Watch(watcher, ResourceType.Route, ["mesh_ingress"], [], all: false);
        }

        _hub.Forget(gone, [new(ResourceType.Route, "mesh_ingress")]);
        _view.Set(Cart, Endpoint("a", "127.0.0.1", 1001));
        Assert.Empty(gone.Marks);
        Assert.Equal(["Cluster shop/cart", "Route mesh_ingress"], left.Take());

        _hub.Watch(left, ResourceType.Route, [], ["mesh_ingress"], all: false);
        _hub.Watch(left, ResourceType.Cluster, [], [], all: false);
        _view.Set(Cart, Hashing, [Endpoint("a", "127.0.0.1", 1001)]);
        Assert.Empty(left.Marks);
    }

    [Fact]
    public void All_routes_and_all_endpoints_are_those_of_the_role_and_within_reach()
    {
        var ingress = new Watcher { Client = new() { Role = ClientRole.Ingress, Reach = Reach.Of(["shop/*"], null, out _) } };
        var sidecar = new Watcher("shop/*");
        foreach (var watcher in new[] { ingress, sidecar })
        {
            _hub.Watch(watcher, ResourceType.Route, [], [], all: true);
            _hub.Watch(watcher, ResourceType.Endpoints, [], [], all: true);
        }

        _view.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        _view.Set(Cart, Endpoint("a", "127.0.0.1", 1001));
        Assert.Equal(["Endpoints shop/cart", "Route mesh_ingress"], ingress.Take());
        Assert.Equal(["Endpoints shop/cart", "Route mesh_outbound"], sidecar.Take());

        _hub.Forget(ingress, []);
        _hub.Forget(sidecar, []);
        _view.Set(Cart, Hashing, [Endpoint("a", "127.0.0.1", 1002)]);
        Assert.Empty(ingress.Take());
        Assert.Empty(sidecar.Take());
    }

    [Fact]
    public void A_split_brings_along_the_clusters_that_it_leads_to()
    {
        var (shop, other) = (new Watcher("shop/*"), new Watcher("other/*"));
        _hub.Watch(shop, ResourceType.Cluster, [], [], all: true);
        _hub.Watch(other, ResourceType.Cluster, [], [], all: true);
        var greeter = _view.Set(Greeter, Endpoint("a", "127.0.0.1", 1001));
        var cart = _view.Set(Cart, Endpoint("a", "127.0.0.1", 1001));
        Assert.Equal(["Cluster shop/cart"], shop.Take());

        _view.Set(Cart, cart.Policy, cart.Endpoints, routing: new() { Destinations = [new(cart.Service, 90), new(greeter.Service, 10)] });
        Assert.Equal(["Cluster default/greeter"], shop.Take());
        _view.Set(Greeter, new TrafficPolicy { ConnectionPool = new() { MaxConnections = 3 } }, greeter.Endpoints);
        Assert.Equal(["Cluster default/greeter"], shop.Take());
        Assert.Empty(other.Marks);
    }

    private sealed class Watcher(params string[] reach) : IResourceWatcher
    {
        public HashSet<ResourceKey> Marks { get; } = [];

        public ClientProfile Client { get; init; } = new() { Reach = Reach.Of(reach, null, out _) };

        public void Mark(ResourceKey key) => Marks.Add(key);

        public List<string> Take()
        {
            var marks = Marks.Select(key => $"{key.Type} {key.Name}").Order(StringComparer.Ordinal).ToList();
            Marks.Clear();
            return marks;
        }
    }
}
