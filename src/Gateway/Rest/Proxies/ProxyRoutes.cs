using System.Globalization;
using Mesh.Api;
using Mesh.Core;
using Mesh.Gateway.Streams;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Mesh.Gateway.Rest.Proxies;

/// <summary><c>/v1/proxies</c>: who is connected to this gateway over ADS, what each was sent, and what it made of it.</summary>
internal static class ProxyRoutes
{
    public static void Map(RouteGroupBuilder v1)
    {
        v1.MapGet("/proxies", List)
            .WithName("listProxies").WithTags("proxies").WithSummary("Lists the proxies that are connected to this gateway")
            .Takes("limit", "continue")
            .Produces<Page<ProxyView>>().Refuses(400);
        v1.MapGet("/proxies/{node}", Get)
            .WithName("getProxy").WithTags("proxies").WithSummary("Shows one proxy; the newest of its connections when it has several")
            .Produces<ProxyView>().Refuses(400, 404);
        v1.MapGet("/proxies/{node}/config", ProxyConfigs.Get)
            .WithName("getProxyConfig").WithTags("proxies").WithSummary("Shows what one proxy was sent, on each of its connections to this gateway")
            .Takes("type", "resource", "bodies", "limit", "continue")
            .Produces<Page<ProxyResourceView>>().Refuses(400, 404);
    }

    /// <summary>A slash stays escaped in a path.</summary>
    public static string NodeId(string node) => node.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    public static IResult Missing(string node) => Answers.Refused(
        ProblemKind.NotFound, "node", node, $"No proxy {node} is connected to this gateway.",
        "List /v1/proxies; a proxy may be connected to another gateway.");

    private static IResult List(HttpContext http, IProxyRegistry proxies, RestLimits limits)
    {
        var query = new Queries(http, limits);
        var (after, limit) = query.Page();
        var ordered = proxies.List()
            .OrderBy(static p => Key(p), StringComparer.Ordinal);
        return query.Refusal() ?? Answers.Json(
            Pages.Cut(ordered, Key, after, limit, static p => p), RestJson.Written.PageProxyView);
    }

    private static IResult Get(string node, HttpContext http, IProxyRegistry proxies, RestLimits limits) =>
        new Queries(http, limits).Refusal()
        ?? (proxies.Find(NodeId(node)).MaxBy(static p => p.ConnectedAt) is { } proxy
            ? Answers.Json(proxy, RestJson.Written.ProxyView)
            : Missing(node));

    private static string Key(ProxyView proxy) => string.Create(CultureInfo.InvariantCulture, $"{proxy.Node}!{proxy.Stream:d19}");
}
