using Mesh.Gateway.Calls;
using Mesh.Gateway.Drain;
using Mesh.Gateway.Rest.Events;
using Mesh.Gateway.Rest.Ledger;
using Mesh.Gateway.Rest.Move;
using Mesh.Gateway.Rest.Proxies;
using Mesh.Gateway.Rest.Replay;
using Mesh.Gateway.Rest.Status;
using Mesh.Gateway.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Mesh.Gateway.Rest;

/// <summary>Puts the REST API together.</summary>
public static class MeshRest
{
    /// <summary>Registers what the REST API needs.</summary>
    public static IServiceCollection AddMeshRest(this IServiceCollection services)
    {
        services.AddSingleton<IReadinessCheck, ViewCheck>();
        services.AddMeshProbes();
        services.AddGrainCalls();
        services.AddSingleton<EventReaders>();
        services.AddSingleton<ReplayPlaces>();
        services.AddSingleton<MovePlaces>();
        services.TryAddSingleton(new MeshIdentity());
        services.AddSingleton<GatewayAnnouncer>();
        services.AddHostedService(static provider => provider.GetRequiredService<GatewayAnnouncer>());
        services.AddSingleton<StatusReader>();
        services.AddSingleton<MeshEvents>();
        services.AddHostedService(static provider => provider.GetRequiredService<MeshEvents>());
        services.AddMeshOpenApi();
        return services;
    }

    /// <summary>Makes readiness depend on a write to the grains' storage: for one process with a disk of its own.</summary>
    public static IServiceCollection AddMeshStorageCheck(this IServiceCollection services) => services.AddSingleton<IReadinessCheck, StorageCheck>();

    /// <summary>Adds the middleware that turns failures into problem details; before routing.</summary>
    public static IApplicationBuilder UseMeshRest(this IApplicationBuilder app)
    {
        // Made now, so that it hears the instruments from the start and not from the first scrape on.
        app.ApplicationServices.GetRequiredService<PrometheusExporter>();
        app.UseMeshDrain();
        app.UseMeshErrors();
        app.Use(ForeignPages.Refuse);
        return app;
    }

    /// <summary>Maps all paths of the REST API.</summary>
    public static void MapMeshRest(this IEndpointRouteBuilder app)
    {
        var v1 = app.MapGroup("/v1");
        ServiceRoutes.Map(v1);
        EndpointRoutes.Map(v1);
        LedgerRoutes.Map(v1);
        ReplayRoutes.Map(v1);
        PolicyRoutes.Map(v1);
        ProxyRoutes.Map(v1);
        EventRoutes.Map(v1);
        MoveRoutes.Map(v1);
        StatusRoutes.Map(v1);
        HealthRoutes.Map(app);
        HealthRoutes.MapLimits(v1);
        app.MapOpenApi("/{documentName}/openapi.json");
    }
}
