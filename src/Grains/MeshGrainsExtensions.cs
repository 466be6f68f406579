using Mesh.Grains.Checks;
using Mesh.Grains.Cluster;
using Mesh.Grains.Services;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans;
using Orleans.Runtime;

namespace Mesh.Grains;

/// <summary>What a host adds so that the grains find what they need.</summary>
public static class MeshGrainsExtensions
{
    /// <summary>Adds the clock, chance and settings, each unless the host has its own.</summary>
    public static IServiceCollection AddMeshGrains(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IChance, SystemChance>();
        services.TryAddSingleton(new GrainSettings());
        services.TryAddSingleton<IHealthChecker, HealthChecker>();
        services.TryAddSingleton<CheckRunner>();
        services.TryAddSingleton<LookBudget>();
        services.TryAddSingleton<SiloBoard>();
        services.TryAddSingleton<SiloFacts>();
        services.TryAddSingleton<ISiloFacts>(static provider => provider.GetRequiredService<SiloFacts>());
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(static provider => provider.GetRequiredService<SiloFacts>());
        services.TryAddSingleton<IClusterMembers>(OneMember.Of);
        return services;
    }
}
