using Envoy.Config.Route.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Core.Routing;

namespace Mesh.Xds.Translation;

/// <summary>
/// Host names as routes: each leads to the cluster of its service, or to several by weight where a routing is in force, with Istio's default
/// retries and without a time-out (Istio's default too: Envoy's own of 15 s would cut long calls that nobody asked it to cut).
/// </summary>
public static class RouteTranslation
{
    /// <summary>Tries after the first.</summary>
    public const uint Retries = 2;

    private const string PreviousHosts = "envoy.retry_host_predicates.previous_hosts";
    private const string PreviousHostsUrl = "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate";

    /// <summary>The route configuration of one host name, for a client that asked for it by that name.</summary>
    /// <param name="asked">The name as asked for, possibly with a port: gRPC matches the domain against exactly this.</param>
    /// <param name="service">What it leads to.</param>
    /// <param name="policy">The policy in force.</param>
    /// <param name="kind">For whom.</param>
    /// <param name="routing">Where its requests go; null for the service itself.</param>
    public static RouteConfiguration ForTarget(string asked, ServiceId service, TrafficPolicy policy, ClientKind kind, ServiceRouting? routing = null)
    {
        var host = VirtualHost(service, policy, kind, routing);
        foreach (var domain in new[] { ResourceNames.WithoutPort(asked), asked })
        {
            if (!host.Domains.Contains(domain))
            {
                host.Domains.Add(domain);
            }
        }

        return new RouteConfiguration { Name = asked, VirtualHosts = { host } };
    }

    /// <summary>One service's part of the route configuration that holds all of them.</summary>
    public static VirtualHost VirtualHost(ServiceId service, TrafficPolicy policy, ClientKind kind, ServiceRouting? routing = null)
    {
        var host = new VirtualHost { Name = service.ToString() };
        // A service of the default namespace may be called like another one's full name; a domain listed twice is refused, so it is left to
        // the service that the name resolves to.
        host.Domains.AddRange(HostNames.All(service).Where(domain => HostNames.Resolve(domain) == service));
        if (!kind.MayIgnorePorts())
        {
            host.Domains.AddRange(host.Domains.Select(static domain => $"{domain}:*").ToList());
        }

        var action = new RouteAction
        {
            RetryPolicy = kind == ClientKind.ProxylessGrpc ? GrpcRetries() : SidecarRetries(),
        };
        Lead(action, service, routing);
        if (kind != ClientKind.ProxylessGrpc)
        {
            action.Timeout = new Duration();
            if (policy is { LoadBalancer: LoadBalancerAlgorithm.RingHash, ConsistentHash: { } hash })
            {
                action.HashPolicy.Add(HashPolicy(hash));
            }
        }

        host.Routes.Add(new Route { Name = routing?.RuleName ?? "default", Match = new RouteMatch { Prefix = "/" }, Route_ = action });
        return host;
    }

    private static void Lead(RouteAction action, ServiceId service, ServiceRouting? routing)
    {
        switch (routing?.Shares())
        {
            case null:
                action.Cluster = service.ToString();
                break;
            case [var only]:
                action.Cluster = only.Service.ToString();
                break;
            case { } shares:
#pragma warning disable CS0612 // Deprecated, but gRPC's C-core compares the sum with it, and with 100 where it is not set.
                action.WeightedClusters = new() { TotalWeight = (uint)routing.TotalWeight() };
#pragma warning restore CS0612
                action.WeightedClusters.Clusters.AddRange(shares.Select(static share =>
                    new WeightedCluster.Types.ClusterWeight { Name = share.Service.ToString(), Weight = (uint)share.Weight }));
                break;
        }
    }

    private static RouteAction.Types.HashPolicy HashPolicy(ConsistentHash hash) => hash.HttpHeaderName is { } header
        ? new() { Header = new() { HeaderName = header } }
        : new() { ConnectionProperties = new() { SourceIp = hash.UseSourceIp } };

    private static RetryPolicy GrpcRetries() => new() { RetryOn = "unavailable,cancelled", NumRetries = Retries, RetryBackOff = BackOff() };

    private static RetryPolicy SidecarRetries() => new()
    {
        RetryOn = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes",
        RetriableStatusCodes = { 503 },
        NumRetries = Retries,
        RetryBackOff = BackOff(),
        // On another endpoint, if there is one.
        RetryHostPredicate =
        {
            new RetryPolicy.Types.RetryHostPredicate
            {
                Name = PreviousHosts,
                TypedConfig = new Any { TypeUrl = PreviousHostsUrl, Value = ByteString.Empty },
            },
        },
        HostSelectionRetryMaxAttempts = 5,
    };

    private static RetryPolicy.Types.RetryBackOff BackOff() => new()
    {
        BaseInterval = TimeSpan.FromMilliseconds(25).ToDuration(),
        MaxInterval = TimeSpan.FromMilliseconds(250).ToDuration(),
    };
}
