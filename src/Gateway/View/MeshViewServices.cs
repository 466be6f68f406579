using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Mesh.Gateway.View;

/// <summary>Registers the view.</summary>
public static class MeshViewServices
{
    /// <summary>Adds <see cref="IMeshView"/>, which follows the grains while the host runs.</summary>
    public static IServiceCollection AddMeshView(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ViewOptions>();
        services.AddSingleton<LedgerFeed>();
        services.AddHostedService(static provider => provider.GetRequiredService<LedgerFeed>());
        services.TryAddSingleton<IMeshSource, GrainMeshSource>();
        services.AddSingleton<MeshView>();
        services.AddSingleton<IMeshView>(static provider => provider.GetRequiredService<MeshView>());
        services.AddHostedService(static provider => provider.GetRequiredService<MeshView>());
        return services;
    }
}
