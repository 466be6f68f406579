using System.Collections.Immutable;
using Envoy.Config.Route.V3;
using Mesh.Proxy.Model;
using Route = Envoy.Config.Route.V3.Route;
using VirtualHost = Mesh.Proxy.Model.VirtualHost;
using WeightedCluster = Mesh.Proxy.Model.WeightedCluster;
using Wire = Envoy.Config.Route.V3;

namespace Mesh.Proxy.Discovery;

/// <summary>Reads RDS resources.</summary>
public static class RouteDecoder
{
    /// <summary>What the route configuration says.</summary>
    /// <exception cref="RefusedResourceException">A route has no match or no destination that this proxy knows.</exception>
    public static RouteTable Decode(RouteConfiguration routes)
    {
        var hosts = ImmutableArray.CreateBuilder<VirtualHost>(routes.VirtualHosts.Count);
        for (var i = 0; i < routes.VirtualHosts.Count; i++)
        {
            var host = routes.VirtualHosts[i];
            var rules = host.Routes.Select((route, r) => Decode(route, host.RetryPolicy, $"virtual_hosts[{i}].routes[{r}]")).ToImmutableArray();
            hosts.Add(new VirtualHost(host.Name, [.. host.Domains.Select(WithoutPort).Distinct()], rules));
        }

        return new RouteTable(routes.Name, hosts.MoveToImmutable());
    }

    private static string WithoutPort(string domain)
    {
        var lower = domain.ToLowerInvariant();
        var colon = lower.LastIndexOf(':');
        return colon > 0 && lower.IndexOf(':', StringComparison.Ordinal) == colon ? lower[..colon] : lower;
    }

    private static RouteRule Decode(Route route, Wire.RetryPolicy? inherited, string path)
    {
        var match = route.Match ?? throw new RefusedResourceException($"{path}.match: is missing");
        if (match.PathSpecifierCase == RouteMatch.PathSpecifierOneofCase.None)
        {
            throw new RefusedResourceException($"{path}.match: only prefix and path are supported");
        }

        var exact = match.PathSpecifierCase == RouteMatch.PathSpecifierOneofCase.Path;
        var rule = new RouteRule { Path = exact ? match.Path : match.Prefix, Exact = exact, CaseSensitive = match.CaseSensitive ?? true };
        return route.ActionCase switch
        {
            Route.ActionOneofCase.DirectResponse when route.DirectResponse.Status is >= 200 and < 600 =>
                rule with { DirectStatus = (int)route.DirectResponse.Status },
            Route.ActionOneofCase.Route_ => Forward(rule, route.Route_, inherited, $"{path}.route"),
            _ => throw new RefusedResourceException($"{path}: only route and direct_response (200 to 599) are supported"),
        };
    }

    private static RouteRule Forward(RouteRule rule, RouteAction action, Wire.RetryPolicy? inherited, string path)
    {
        var stream = action.MaxStreamDuration?.MaxStreamDuration_;
        return rule with
        {
            Clusters = Clusters(action, path),
            Timeout = action.Timeout is null && stream is not null
                ? Durations.NotNegative(stream, TimeSpan.Zero, $"{path}.max_stream_duration")
                : Durations.NotNegative(action.Timeout, TimeSpan.FromSeconds(15), $"{path}.timeout"),
            Retry = Retry(action.RetryPolicy ?? inherited, $"{path}.retry_policy"),
            HashPolicies = [.. action.HashPolicy.Select((policy, i) => Hash(policy, $"{path}.hash_policy[{i}]"))],
        };
    }

    private static ImmutableArray<WeightedCluster> Clusters(RouteAction action, string path)
    {
        switch (action.ClusterSpecifierCase)
        {
            case RouteAction.ClusterSpecifierOneofCase.Cluster when action.Cluster.Length > 0:
                return [new WeightedCluster(action.Cluster, 1)];
            case RouteAction.ClusterSpecifierOneofCase.WeightedClusters:
                var shares = action.WeightedClusters.Clusters
                    .Select(c => new WeightedCluster(c.Name, (int)Math.Min(c.Weight ?? 0, int.MaxValue)))
                    .Where(c => c.Weight > 0)
                    .ToImmutableArray();
                return shares.IsEmpty ? throw new RefusedResourceException($"{path}.weighted_clusters: the sum of the weights is 0") : shares;
            default:
                throw new RefusedResourceException($"{path}: names no cluster");
        }
    }

    private static HashPolicy Hash(RouteAction.Types.HashPolicy policy, string path) => policy.PolicySpecifierCase switch
    {
        RouteAction.Types.HashPolicy.PolicySpecifierOneofCase.Header when policy.Header.HeaderName.Length > 0 =>
            new HashPolicy(policy.Header.HeaderName, policy.Terminal),
        RouteAction.Types.HashPolicy.PolicySpecifierOneofCase.ConnectionProperties when policy.ConnectionProperties.SourceIp =>
            new HashPolicy(null, policy.Terminal),
        _ => throw new RefusedResourceException($"{path}: only header and connection_properties.source_ip are supported"),
    };

    private static Model.RetryPolicy Retry(Wire.RetryPolicy? policy, string path)
    {
        if (policy is null || policy.RetryOn.Length == 0)
        {
            return Model.RetryPolicy.Never;
        }

        var on = policy.RetryOn.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Aggregate(RetryOn.None, (sum, name) => sum | Condition(name));
        var back = policy.RetryBackOff;
        var first = Durations.Positive(back?.BaseInterval, TimeSpan.FromMilliseconds(25), $"{path}.retry_back_off.base_interval");
        return new Model.RetryPolicy
        {
            On = on,
            Retries = (int)Math.Min(policy.NumRetries ?? 1, 10),
            PerTryTimeout = Durations.NotNegative(policy.PerTryTimeout, TimeSpan.Zero, $"{path}.per_try_timeout"),
            StatusCodes = [.. policy.RetriableStatusCodes.Select(c => (int)c)],
            BaseBackOff = first,
            MaxBackOff = Durations.Positive(back?.MaxInterval, first * 10, $"{path}.retry_back_off.max_interval"),
        };
    }

    /// <summary>Envoy ignores conditions it does not know, and so does this: others read the same document.</summary>
    private static RetryOn Condition(string name) => name switch
    {
        "5xx" => RetryOn.ServerError,
        "gateway-error" => RetryOn.GatewayError,
        "reset" => RetryOn.Reset,
        "connect-failure" => RetryOn.ConnectFailure,
        "refused-stream" => RetryOn.RefusedStream,
        "retriable-4xx" => RetryOn.Retriable4xx,
        "retriable-status-codes" => RetryOn.StatusCodes,
        "cancelled" => RetryOn.GrpcCancelled,
        "deadline-exceeded" => RetryOn.GrpcDeadlineExceeded,
        "resource-exhausted" => RetryOn.GrpcResourceExhausted,
        "internal" => RetryOn.GrpcInternal,
        "unavailable" => RetryOn.GrpcUnavailable,
        _ => RetryOn.None,
    };
}
