using Envoy.Config.Core.V3;
using Envoy.Config.Listener.V3;
using Envoy.Extensions.Filters.Http.Router.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Google.Protobuf.WellKnownTypes;

namespace Mesh.Xds.Translation;

/// <summary>Listeners: an ApiListener for a client that dials one host, and one outbound listener for a sidecar that takes all of them.</summary>
public static class ListenerTranslation
{
    /// <summary>Where a sidecar listens for the workload's outgoing requests, as in Istio.</summary>
    public const int OutboundPort = 15001;

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
        FilterChains =
        {
            new FilterChain
            {
                Filters = { new Filter { Name = HttpConnectionManagerName, TypedConfig = Any.Pack(Manager(ResourceNames.Outbound)) } },
            },
        },
    };

    private static HttpConnectionManager Manager(string routes) => new()
    {
        StatPrefix = routes,
        Rds = new() { ConfigSource = ClusterTranslation.OverAds(), RouteConfigName = routes },
        // The router must be last, and gRPC demands its (empty) configuration.
        HttpFilters = { new HttpFilter { Name = RouterName, TypedConfig = Any.Pack(new Router()) } },
    };
}
