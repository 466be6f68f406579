using Mesh.Api;
using Mesh.Core;
using Mesh.Gateway.Streams;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Mesh.Gateway.Rest;

/// <summary><c>/v1/proxies</c>: who is connected to this gateway over ADS, and what each has accepted.</summary>
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
    }

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
        ?? (proxies.Find(node).MaxBy(static p => p.ConnectedAt) is { } proxy
            ? Answers.Json(proxy, RestJson.Written.ProxyView)
            : Answers.Refused(
                ProblemKind.NotFound, "node", node, $"No proxy {node} is connected to this gateway.",
                "List /v1/proxies; a proxy may be connected to another gateway."));

    private static string Key(ProxyView proxy) => $"{proxy.Node}!{proxy.Address}";
}
