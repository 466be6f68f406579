using Envoy.Config.Listener.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Google.Protobuf;
using Mesh.Proxy.Model;

namespace Mesh.Proxy.Discovery;

/// <summary>Reads LDS resources: API listeners, as proxyless gRPC gets them, since here, too, the listener's name is the host asked for.</summary>
public static class ListenerDecoder
{
    private const string Router = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";

    /// <summary>What the listener says.</summary>
    /// <exception cref="RefusedResourceException">It is not an API listener, or its filters cannot be honoured.</exception>
    public static ListenerConfig Decode(Listener listener)
    {
        if (listener.Name.Length == 0)
        {
            throw new RefusedResourceException("name: is empty");
        }

        var manager = Manager(listener);
        foreach (var filter in manager.HttpFilters)
        {
            if (filter.TypedConfig?.TypeUrl != Router && !filter.IsOptional)
            {
                throw new RefusedResourceException($"api_listener.http_filters: '{filter.Name}' is not supported and not optional");
            }
        }

        var idle = Durations.NotNegative(manager.StreamIdleTimeout, TimeSpan.FromMinutes(5), "api_listener.stream_idle_timeout");
        return manager.RouteSpecifierCase switch
        {
            HttpConnectionManager.RouteSpecifierOneofCase.Rds when manager.Rds.RouteConfigName.Length > 0 =>
                new ListenerConfig(listener.Name, manager.Rds.RouteConfigName, null, idle),
            HttpConnectionManager.RouteSpecifierOneofCase.RouteConfig =>
                new ListenerConfig(listener.Name, null, RouteDecoder.Decode(manager.RouteConfig), idle),
            _ => throw new RefusedResourceException("api_listener: has neither rds.route_config_name nor route_config"),
        };
    }

    private static HttpConnectionManager Manager(Listener listener)
    {
        var any = listener.ApiListener?.ApiListener_
            ?? throw new RefusedResourceException("api_listener: is missing; this proxy takes API listeners only");
        if (!any.Is(HttpConnectionManager.Descriptor))
        {
            throw new RefusedResourceException($"api_listener: is a {any.TypeUrl}, not an HttpConnectionManager");
        }

        try
        {
            return any.Unpack<HttpConnectionManager>();
        }
        catch (InvalidProtocolBufferException)
        {
            throw new RefusedResourceException("api_listener: cannot be parsed");
        }
    }
}
