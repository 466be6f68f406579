using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Mesh.Gateway.Calls;

/// <summary>Adds what calls grains for callers.</summary>
public static class GrainCallServices
{
    /// <summary>Adds it, unless it is there.</summary>
    public static IServiceCollection AddGrainCalls(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<GrainCallOptions>();
        services.TryAddSingleton<GrainCalls>();
        return services;
    }
}
