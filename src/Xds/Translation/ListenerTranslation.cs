using Envoy.Config.Core.V3;
using Envoy.Config.Listener.V3;
using Envoy.Config.Route.V3;
using Envoy.Extensions.Filters.Http.Router.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Google.Protobuf.WellKnownTypes;

namespace Mesh.Xds.Translation;

/// <summary>Listeners: an ApiListener for a client that dials one host, one listener for a sidecar or an ingress that takes all of them, and a gRPC server's own.</summary>
public static class ListenerTranslation
{
    /// <summary>Where a sidecar listens for the workload's outgoing requests, as in Istio.</summary>
    public const int OutboundPort = 15001;

    /// <summary>Where an ingress listens, on all addresses: a port that needs no privilege.</summary>
    public const int IngressPort = 8080;

    private const string GrpcServerPrefix = "grpc_server";
    private const string HttpConnectionManagerName = "envoy.filters.network.http_connection_manager";
    private const string RouterName = "envoy.filters.http.router";

    /// <summary>The listener of one host name; its routes have the same name.</summary>
    public static Listener ForTarget(string asked) => new()
    {
        Name = asked,
        ApiListener = new() { ApiListener_ = Any.Pack(Manager(asked)) },
    };

    /// <summary>A sidecar's one listener. It is reached from the workload beside it only.</summary>
    public static Listener Outbound() => new()
    {
        Name = ResourceNames.Outbound,
        StatPrefix = ResourceNames.Outbound,
        Address = new() { SocketAddress = new SocketAddress { Address = "127.0.0.1", PortValue = OutboundPort } },
        TrafficDirection = TrafficDirection.Outbound,
        FilterChains = { Chain(Manager(ResourceNames.Outbound)) },
    };

    /// <summary>An ingress's one listener. Whoever connects to it is the client: what it claims to forward for others is not believed.</summary>
    public static Listener Ingress()
    {
        var manager = Manager(ResourceNames.Ingress);
        manager.UseRemoteAddress = true;
        return new()
        {
            Name = ResourceNames.Ingress,
            StatPrefix = ResourceNames.Ingress,
            Address = new() { SocketAddress = new SocketAddress { Address = "0.0.0.0", PortValue = IngressPort } },
            TrafficDirection = TrafficDirection.Outbound,
            FilterChains = { Chain(manager) },
        };
    }

    /// <summary>
    /// The listener of an xDS-enabled gRPC server: it lets every call through to the server's own handlers. gRPC takes neither listener filters nor a port to match,
    /// and demands a route, though there is nothing to route.
    /// </summary>
    /// <param name="name">The name it was asked for by.</param>
    /// <param name="address">Where the server listens, as in the name.</param>
    public static Listener GrpcServer(string name, (string Address, int Port) address)
    {
        var host = new VirtualHost { Name = GrpcServerPrefix, Domains = { "*" } };
        host.Routes.Add(new Route { Name = "default", Match = new RouteMatch { Prefix = "/" }, NonForwardingAction = new() });
        var manager = new HttpConnectionManager
        {
            StatPrefix = GrpcServerPrefix,
            RouteConfig = new RouteConfiguration { Name = GrpcServerPrefix, VirtualHosts = { host } },
            HttpFilters = { Router() },
        };
        return new()
        {
            Name = name,
            Address = new() { SocketAddress = new SocketAddress { Address = address.Address, PortValue = (uint)address.Port } },
            TrafficDirection = TrafficDirection.Inbound,
            FilterChains = { Chain(manager) },
        };
    }

    private static FilterChain Chain(HttpConnectionManager manager) => new()
    {
        Filters = { new Filter { Name = HttpConnectionManagerName, TypedConfig = Any.Pack(manager) } },
    };

    // It must be last, and gRPC demands its (empty) configuration.
    private static HttpFilter Router() => new() { Name = RouterName, TypedConfig = Any.Pack(new Router()) };

    private static HttpConnectionManager Manager(string routes) => new()
    {
        StatPrefix = routes,
        Rds = new() { ConfigSource = ClusterTranslation.OverAds(), RouteConfigName = routes },
        HttpFilters = { Router() },
    };
}
