using Grpc.AspNetCore.Server;
using Mesh.Gateway.Drain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Mesh.Gateway.Streams;

/// <summary>Registers and maps the proxies' streams.</summary>
public static class MeshStreamsServices
{
    /// <summary>Adds ADS, LRS and <see cref="IProxyRegistry"/>. Needs the view; a <see cref="StreamOptions"/> added before it is kept.</summary>
    public static IServiceCollection AddMeshStreams(this IServiceCollection services)
    {
        services.AddGrpc();
        services.AddMeshDrain();
        services.AddOptions<GrpcServiceOptions>().Configure<StreamOptions>(static (grpc, streams) => grpc.MaxReceiveMessageSize = streams.MaxMessageBytes);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<StreamOptions>();
        services.AddSingleton<ResourceHub>();
        services.AddSingleton<FirstPushes>();
        services.AddSingleton<Convergence>();
        services.AddSingleton<ProxyRegistry>();
        services.AddSingleton<IProxyRegistry>(static provider => provider.GetRequiredService<ProxyRegistry>());
        services.AddSingleton<Reporters>();
        services.AddSingleton<ReportPump>();
        services.AddHostedService(static provider => provider.GetRequiredService<ReportPump>());
        services.AddSingleton<IDrainEnd>(static provider => provider.GetRequiredService<ReportPump>());
        services.AddHostedService<Heartbeats>();
        services.AddSingleton<AdsService>();
        services.AddSingleton<LrsService>();
        return services;
    }

    /// <summary>Maps ADS and LRS.</summary>
    public static IEndpointRouteBuilder MapMeshStreams(this IEndpointRouteBuilder routes)
    {
        routes.MapGrpcService<AdsService>();
        routes.MapGrpcService<LrsService>();
        return routes;
    }
}
