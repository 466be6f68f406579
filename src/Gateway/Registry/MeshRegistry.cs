using Mesh.Gateway.Calls;
using Mesh.Gateway.Drain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Mesh.Gateway.Registry;

/// <summary>Puts the gRPC registry together.</summary>
public static class MeshRegistry
{
    /// <summary>Registers what it needs.</summary>
    public static IServiceCollection AddMeshRegistry(this IServiceCollection services)
    {
        services.AddGrpc();
        services.AddMeshDrain();
        services.AddGrainCalls();
        services.AddSingleton<WatchHub>();
        services.AddHostedService(static provider => provider.GetRequiredService<WatchHub>());
        services.AddSingleton<RegistryService>();
        return services;
    }

    /// <summary>Maps it.</summary>
    public static void MapMeshRegistry(this IEndpointRouteBuilder app) => app.MapGrpcService<RegistryService>();
}
