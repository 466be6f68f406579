namespace Mesh.Core.Policies.Documents;

/// <summary>Reads <c>connectionPool</c>. As in Istio, a limit of 0 is one that is not set: the default holds.</summary>
internal static class ConnectionPoolReader
{
    private static readonly TimeSpan ShortestConnect = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestConnect = TimeSpan.FromHours(1);

    private static readonly FieldTable Fields = new(["tcp", "http"], [], []);

    private static readonly FieldTable TcpFields = new(
        ["maxConnections", "connectTimeout"], ["tcpKeepalive", "maxConnectionDuration", "idleTimeout"], []);

    private static readonly FieldTable HttpFields = new(
        ["http1MaxPendingRequests", "http2MaxRequests", "maxRequestsPerConnection", "maxRetries"],
        ["idleTimeout", "h2UpgradePolicy", "useClientProtocol", "maxConcurrentStreams"],
        []);

    private static readonly Dictionary<string, Node> Nothing = [];

    public static ConnectionPool Read(Node node, ProblemList problems)
    {
        var fields = Fields.Read(node, problems);
        var tcp = fields.TryGetValue("tcp", out var tcpNode) ? TcpFields.Read(tcpNode, problems) : Nothing;
        var http = fields.TryGetValue("http", out var httpNode) ? HttpFields.Read(httpNode, problems) : Nothing;
        var defaults = new ConnectionPool();
        return new()
        {
            MaxConnections = Limit(tcp, "maxConnections", defaults.MaxConnections),
            ConnectTimeout = tcp.TryGetValue("connectTimeout", out var timeout)
                ? timeout.Duration(ShortestConnect, LongestConnect, problems) ?? defaults.ConnectTimeout
                : defaults.ConnectTimeout,
            Http1MaxPendingRequests = Limit(http, "http1MaxPendingRequests", defaults.Http1MaxPendingRequests),
            Http2MaxRequests = Limit(http, "http2MaxRequests", defaults.Http2MaxRequests),
            MaxRequestsPerConnection = Limit(http, "maxRequestsPerConnection", defaults.MaxRequestsPerConnection),
            MaxRetries = Limit(http, "maxRetries", defaults.MaxRetries),
        };

        int Limit(IReadOnlyDictionary<string, Node> from, string name, int unset) =>
            from.TryGetValue(name, out var field) && field.Whole(0, int.MaxValue, problems) is { } limit and > 0 ? limit : unset;
    }
}
