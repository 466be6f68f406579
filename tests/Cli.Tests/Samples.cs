namespace Mesh.Cli.Tests;

/// <summary>Answers as the control plane gives them.</summary>
internal static class Samples
{
    public const string Greeter = """
        {"namespace":"default","name":"greeter","version":"3.17","endpoints":3,"healthy":2,"ejected":1,"draining":0,"expired":0,"policy":"DestinationRule/default/greeter@2"}
        """;

    public const string Billing = """
        {"namespace":"shop","name":"billing","version":"1.1","endpoints":1,"healthy":1,"ejected":0,"draining":0,"expired":0,"policy":null}
        """;

    public const string GreeterDetail = """
        {"namespace":"default","name":"greeter","hosts":["greeter","greeter.default.mesh"],"version":"3.17","changedAt":"2026-03-01T11:59:30Z",
         "endpoints":3,"healthy":2,"ejected":1,"draining":0,"expired":0,
         "policy":{"source":"DestinationRule/default/greeter@2","loadBalancer":"LeastRequest",
          "outlierDetection":{"consecutive5xx":5,"consecutiveGatewayFailure":0,"consecutiveLocalOriginFailure":5,"splitExternalLocalOriginErrors":false,
            "interval":"1s","baseEjectionTime":"2s","maxEjectionTime":"300s","maxEjectionPercent":50,"minHealthPercent":0},
          "connectionPool":{"maxConnections":1024,"connectTimeout":"10s","http1MaxPendingRequests":1024,"http2MaxRequests":1024,"maxRetries":3,"maxRequestsPerConnection":0}}}
        """;

    /// <summary>A service whose policy uses what most do not.</summary>
    public static readonly string Elaborate = GreeterDetail.Replace(
        "\"loadBalancer\":\"LeastRequest\",",
        """
        "loadBalancer":"LeastRequest","healthCheck":{"protocol":"Http","path":"/ready","expectedStatusFrom":200,"expectedStatusTo":300,"interval":"5s",
         "timeout":"1s","unhealthyThreshold":3,"healthyThreshold":2,"noTrafficInterval":"1m"},"warmup":{"duration":"30s","minimumPercent":10,"aggression":150},
         "adaptiveWeights":{"minimumPercent":5,"maximumPercent":300,"maximumStepPercent":30,"hysteresisPercent":10,"interval":"1s"},
         "localityLbSetting":{"distribute":[],"failover":[{"from":"eu","to":"us"}],"failoverPriority":[]},
        """,
        StringComparison.Ordinal);

    public const string EndpointA = """
        {"namespace":"default","service":"greeter","id":"a","address":"10.0.0.1","port":8080,"status":"Healthy","weight":1,"effectiveWeight":1,
         "ejectionMultiplier":0,"lease":"30s","leaseExpires":"2026-03-01T12:00:21Z","registeredAt":"2026-03-01T11:00:00Z","instanceId":"i-1",
         "locality":{"region":"eu","zone":"eu-1","subZone":""},"labels":{"version":"v2","app":"greeter"}}
        """;

    public const string EndpointB = """
        {"namespace":"default","service":"greeter","id":"b","address":"fd00::2","port":8080,"status":"Ejected","reason":"5 consecutive 5xx","weight":10,
         "effectiveWeight":0.5,"ejectedUntil":"2026-03-01T12:00:02Z","ejectionMultiplier":1,"registeredAt":"2026-02-27T08:00:00Z","labels":{}}
        """;

    public const string Policy = """
        {"kind":"DestinationRule","namespace":"default","name":"greeter","version":2,"boundTo":"default/greeter","updatedAt":"2026-03-01T11:58:00Z",
         "document":{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"greeter"},
          "spec":{"host":"greeter","trafficPolicy":{"outlierDetection":{"consecutive5xxErrors":5,"interval":"1s"}}}}}
        """;

    public const string Proxy = """
        {"node":"p1","cluster":"web","userAgent":"mesh-proxy 0.1.0","locality":{"region":"","zone":"","subZone":""},"address":"127.0.0.1:40112",
         "connectedAt":"2026-03-01T11:59:00Z","types":[
          {"type":"CDS","resources":-1,"sent":"7","accepted":"7","status":"Synced","error":null,"lastAcceptedAt":"2026-03-01T11:59:01Z"},
          {"type":"EDS","resources":2,"sent":"9","accepted":"8","status":"Rejected","error":"bad weight","lastAcceptedAt":"2026-03-01T11:59:02Z",
           "lagSeconds":0,"held":2,"refused":1,"refusals":[
            {"name":"default/greeter","version":"9","accepted":"8","error":"bad weight","since":"2026-03-01T11:59:48Z"}]}],
         "identity":"spiffe://mesh.example/ns/default/sa/web","kind":"MeshProxy","variant":"Delta","weights":"Followed","reports":"PerEndpoint","lastReportAt":"2026-03-01T11:59:59Z"}
        """;

    /// <summary>One that is behind, and one resource of which is asked for but does not exist.</summary>
    public const string LaggingProxy = """
        {"node":"p2","cluster":"web","userAgent":"envoy 1.36","locality":{"region":"eu","zone":"a","subZone":""},"address":"127.0.0.1:40114",
         "connectedAt":"2026-03-01T11:58:00Z","types":[
          {"type":"CDS","resources":-1,"sent":"7","accepted":"6","status":"Pending","lastAcceptedAt":"2026-03-01T11:59:01Z","lagSeconds":0.412,"held":12,"refused":0,"refusals":[]},
          {"type":"EDS","resources":12,"sent":"9","accepted":"8","status":"Pending","lastAcceptedAt":"2026-03-01T11:50:00Z","lagSeconds":75,"held":12,"refused":0,"refusals":[]},
          {"type":"RDS","resources":1,"status":"Synced","lagSeconds":0,"held":0,"refused":0,"refusals":[]}],
         "kind":"Sidecar","variant":"StateOfTheWorld","weights":"Followed","reports":"None"}
        """;

    /// <summary>What one stream was sent.</summary>
    public const string SentCluster = """
        {"node":"p1","address":"127.0.0.1:40112","type":"CDS","name":"default/greeter","sent":"7","accepted":"7","status":"Synced","stream":7,"bytes":120,"changedAt":"2026-03-01T11:59:00Z"}
        """;

    public const string SentEndpoints = """
        {"node":"p1","address":"127.0.0.1:40112","type":"EDS","name":"default/greeter","sent":"9","accepted":"8","status":"Rejected","error":"bad weight","stream":7,"bytes":88,
         "changedAt":"2026-03-01T11:59:50Z","body":{"@type":"type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment","cluster_name":"default/greeter"}}
        """;

    /// <summary>A policy that two clients of eight refuse.</summary>
    public static readonly string RefusedPolicy = Policy.Replace(
        "\"document\":",
        """
        "refusals":[{"type":"CDS","resource":"default/greeter","version":"9","error":"no such \u001b[31mbalancer","since":"2026-03-01T11:59:30Z","clients":8,"nodes":["p1","p2"]},
         {"type":"EDS","resource":"default/greeter","version":"4","error":"","since":"2026-03-01T11:59:50Z","clients":1,"nodes":["p1"]}],"refusalsTotal":3,"document":
        """,
        StringComparison.Ordinal);

    /// <summary>A gRPC library, which balances by itself.</summary>
    public const string ProxylessGrpc = """
        {"node":"g1","cluster":"","userAgent":"gRPC Node.js 1.14","locality":{"region":"","zone":"","subZone":""},"address":"127.0.0.1:40113",
         "connectedAt":"2026-03-01T11:59:00Z","types":[],
         "kind":"ProxylessGrpc","weights":"Ignored","reports":"PerLocality","lastReportAt":"2026-03-01T11:59:58Z"}
        """;

    public static string Page(string? next, params string[] items) =>
        $$"""{"items":[{{string.Join(',', items)}}],"continue":{{(next is null ? "null" : $"\"{next}\"")}}}""";
}
