using Mesh.Api;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Gateway.Rest.Proxies;
using Mesh.Gateway.Streams;
using Mesh.Gateway.View;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Orleans;

namespace Mesh.Gateway.Rest;

/// <summary><c>/v1/services</c>: lists come from the gateway's view, one service from its grain.</summary>
internal static class ServiceRoutes
{
    public static void Map(RouteGroupBuilder v1)
    {
        v1.MapGet("/services", List)
            .WithName("listServices").WithTags("services").WithSummary("Lists services, by namespace and name")
            .Takes("namespace", "limit", "continue")
            .Produces<Page<ServiceSummary>>().Refuses(400);
        v1.MapGet("/services/{ns}/{name}", Get)
            .WithName("getService").WithTags("services").WithSummary("Shows one service, and the policy and the routing in force")
            .Produces<ServiceDetail>().Refuses(400, 404, 503);
    }

    /// <summary>What the owner of a service says; its grain is not woken for a name that nobody has registered.</summary>
    public static async Task<Core.Snapshots.ServiceSnapshot?> Find(ServiceId service, IMeshView view, IGrainFactory grains) =>
        view.Ready && view.Find(service) is null ? null : await grains.GetGrain<IServiceGrain>(service.ToString()).GetSnapshot();

    public static IResult Missing(ServiceId service) => Answers.Refused(
        ProblemKind.NotFound, "service", service.ToString(), $"There is no service {service}.",
        "Register an endpoint or put a policy for it, or list /v1/services.");

    private static IResult List(HttpContext http, IMeshView view, RestLimits limits)
    {
        var query = new Queries(http, limits);
        var ns = query.Namespace();
        var (after, limit) = query.Page();
        if (query.Refusal() is { } refusal)
        {
            return refusal;
        }

        var services = ns is null ? view.Services.Values : view.Services.Values.Where(s => s.Service.Namespace == ns);

        // The view orders by namespace, then name; '!' sorts before every character of a name, as the order of the key must be the same.
        return Answers.Json(
            Pages.Cut(services, static s => $"{s.Service.Namespace}!{s.Service.Name}", after, limit, Views.Summary),
            RestJson.Written.PageServiceSummary);
    }

    private static async Task<IResult> Get(
        string ns, string name, HttpContext http, IMeshView view, IGrainFactory grains, IProxyRegistry proxies, RestLimits limits)
    {
        if ((new Queries(http, limits).Refusal() ?? RouteNames.Service(ns, name, out _)) is { } refusal)
        {
            return refusal;
        }

        var service = new ServiceId(ns, name);
        if (await Find(service, view, grains) is not { } snapshot)
        {
            return Missing(service);
        }

        var detail = Views.Detail(snapshot, other => other == service || view.Find(other) is not null);
        var (first, total) = ServiceRefusals.Of(proxies.Refused()).For(service, snapshot);
        return Answers.Json(detail with { Refusals = first, RefusalsTotal = total }, RestJson.Written.ServiceDetail);
    }
}
