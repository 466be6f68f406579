using Mesh.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Mesh.Gateway.Rest.Status;

/// <summary><c>/v1/status</c>: silos, gateways, streams, stores. It answers 200 also when things are bad; the body says so.</summary>
internal static class StatusRoutes
{
    public static void Map(RouteGroupBuilder v1) =>
        v1.MapGet("/status", Read)
            .WithName("getStatus").WithTags("health")
            .WithSummary("The control plane as a whole: silos, grains, gateways, streams, stores, and what is wrong; within three seconds, with what is known by then")
            .Produces<StatusView>().Refuses(400);

    private static async Task<IResult> Read(HttpContext http, RestLimits limits, StatusReader status) =>
        new Queries(http, limits).Refusal() ?? Answers.Json(await status.Read(), RestJson.Written.StatusView);
}
