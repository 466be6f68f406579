using Mesh.Gateway.Drain;
using Mesh.Gateway.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Mesh.Gateway.Rest;

/// <summary>
/// What supervisors and monitors ask of every process of the control plane: <c>/healthz</c>, <c>/readyz</c>, <c>/metrics</c>. A silo without a gateway answers these
/// alone, on the same port as others have them beside the API, so that one probe and one scrape fit all roles. Rejected: a port of their own, which would be one more to
/// choose, open and secure.
/// </summary>
public static class MeshProbes
{
    /// <summary>Registers what the three paths need, and readiness that asks the grains and the drain.</summary>
    public static IServiceCollection AddMeshProbes(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<RestLimits>();
        services.AddMeshDrain();
        services.AddSingleton<PrometheusExporter>();
        services.AddSingleton<Readiness>();
        services.AddSingleton<IReadinessCheck, GrainCheck>();
        services.AddSingleton<IReadinessCheck, DrainCheck>();
        services.Configure<JsonOptions>(static json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, RestJson.Written));
        services.AddOptions<KestrelServerOptions>().Configure<RestLimits>(static (kestrel, limits) => Limit(kestrel.Limits, limits));
        return services;
    }

    /// <summary>Serves the three paths and says of all others where they are.</summary>
    public static void UseMeshProbes(this IApplicationBuilder app)
    {
        // Made now, so that it hears the instruments from the start and not from the first scrape on.
        app.ApplicationServices.GetRequiredService<PrometheusExporter>();
        app.UseMeshDrain();
        app.UseRouting();
        app.UseEndpoints(HealthRoutes.Map);
        app.Run(static http => Answers.WriteProblem(
            http, StatusCodes.Status404NotFound, "Not found", "This is a silo without a gateway: it answers /healthz, /readyz and /metrics.",
            "Ask a process of the role all or gateway."));
    }

    private static void Limit(KestrelServerLimits kestrel, RestLimits limits)
    {
        kestrel.MaxRequestHeadersTotalSize = limits.HeaderBytes;
        kestrel.MaxRequestBodySize = limits.DrainedBodyBytes;
        kestrel.MaxConcurrentConnections = limits.Connections;
        kestrel.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
    }
}
