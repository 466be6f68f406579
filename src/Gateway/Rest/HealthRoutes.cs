using Mesh.Api;
using Mesh.Gateway.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Mesh.Gateway.Rest;

/// <summary>What monitors ask: <c>/healthz</c>, <c>/readyz</c>, <c>/metrics</c>; and <c>/v1/limits</c>.</summary>
internal static class HealthRoutes
{
    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz", static () => Results.Text("ok\n"))
            .WithName("healthz").WithTags("health").WithSummary("Answers ok while the process lives")
            .Produces<string>(200, "text/plain");
        app.MapGet("/readyz", Ready)
            .WithName("readyz").WithTags("health").WithSummary("Answers 200 when it can do its work, 503 with reasons when not")
            .Produces<ReadinessView>().Produces<ReadinessView>(503);
        app.MapGet("/metrics", Metrics)
            .WithName("metrics").WithTags("health").WithSummary("Metrics in Prometheus' text format")
            .Produces<string>(200, "text/plain");
    }

    public static void MapLimits(RouteGroupBuilder v1) =>
        v1.MapGet("/limits", static (RestLimits limits) => Answers.Json(limits.View(), RestJson.Written.LimitsView))
            .WithName("getLimits").WithTags("health").WithSummary("Shows the limits of this API")
            .Produces<LimitsView>();

    private static async Task<IResult> Ready(Readiness readiness)
    {
        var view = await readiness.Ask();
        return Answers.Json(
            view, RestJson.Written.ReadinessView, view.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task Metrics(HttpContext http, PrometheusExporter exporter)
    {
        http.Response.ContentType = PrometheusText.ContentType;
        await http.Response.WriteAsync(exporter.Scrape(), http.RequestAborted);
    }
}
