using Mesh.Proxy.Model;
using Mesh.Proxy.Upstream;

namespace Mesh.Proxy.Forwarding;

/// <summary>Everything that the proxy says by itself, in one place.</summary>
internal static class Replies
{
    public static LocalReply BadHost(string host) => new(400, "DPE", "Not a service's name",
        $"The request's host is '{Short(host)}'. Send the service's name in Host or :authority, as in 'greeter' or 'greeter.shop.mesh'.");

    public static LocalReply UnknownHost(string host) => new(404, "NR", "No such service",
        $"The mesh has no service called '{Short(host)}'. Register an endpoint for it, or mind the namespace: name.namespace.mesh.");

    public static LocalReply NotYetKnown(string host, bool connected, TimeSpan waited) => connected
        ? new(503, "NC", "Configuration has not arrived",
            $"The control plane did not describe '{Short(host)}' within {waited.TotalSeconds:0.#} s. Try again; see /config on the admin port.")
        : new(503, "NC", "The control plane is away",
            $"'{Short(host)}' was not asked for before, and there is no control plane to ask within {waited.TotalSeconds:0.#} s.");

    public static LocalReply TooManyHosts(int limit) => new(503, "UO", "Too many services",
        $"This proxy follows {limit} services, all in use. Raise --max-hosts.");

    public static LocalReply NoRoute(string host, string path) => new(404, "NR", "No route", $"No route of '{host}' takes the path '{Short(path)}'.");

    public static LocalReply NoHealthyEndpoint(ClusterModel cluster) => new(503, "UH", "No healthy endpoint", cluster.All.IsEmpty
        ? $"{cluster.Config.Name} has no endpoints."
        : $"None of the {cluster.All.Length} endpoints of {cluster.Config.Name} is in rotation.");

    public static LocalReply TooManyRequests(ClusterConfig cluster) => new(503, "UO", "Too many requests",
        $"{cluster.MaxRequests} requests to {cluster.Name} are under way, as many as its connection pool allows (http2MaxRequests).");

    public static LocalReply TooManyPending(ClusterConfig cluster) => new(503, "UO", "Too many waiting requests",
        $"{cluster.MaxConnections} connections to {cluster.Name} are busy (maxConnections) and {cluster.MaxPendingRequests} requests wait (http1MaxPendingRequests).");

    public static LocalReply TimedOut(RouteRule route, bool waiting) => new(504, "UT", "Time-out", waiting
        ? "The request waited for a connection until its time was up."
        : $"No whole answer within the route's {route.Timeout.TotalSeconds:0.###} s.");

    public static LocalReply NoAnswer(TryKind kind, string endpoint, RouteRule route, bool timeIsUp) => kind switch
    {
        TryKind.ClientGone => new(400, "DC", "The request broke off",
            "The request's body could not be read to its end, or it is a request that cannot be forwarded, such as CONNECT or one for a port beyond 65535."),
        TryKind.ConnectFailure => new(503, "UF", "No connection", $"The endpoint {endpoint} could not be connected to."),
        TryKind.Timeout when timeIsUp => TimedOut(route, waiting: false),
        TryKind.Timeout => new(504, "UT", "Time-out", $"The endpoint {endpoint} did not answer in time."),
        _ => new(503, "UC", "The connection broke", $"The endpoint {endpoint} ended the connection before it answered."),
    };

    private static string Short(string text) => text.Length <= 100 ? text : text[..100];
}
