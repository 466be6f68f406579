using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Microsoft.Extensions.Hosting;

/// <summary>Adds the grain runtime to a host.</summary>
public static class OrleansSiloGenericHostExtensions
{
    public static IHostApplicationBuilder UseOrleans(this IHostApplicationBuilder hostAppBuilder, Action<ISiloBuilder> configureDelegate)
    {
        ArgumentNullException.ThrowIfNull(hostAppBuilder);
        ArgumentNullException.ThrowIfNull(configureDelegate);
        configureDelegate(Add(hostAppBuilder.Services, hostAppBuilder.Configuration));
        return hostAppBuilder;
    }

    public static IHostBuilder UseOrleans(this IHostBuilder hostBuilder, Action<ISiloBuilder> configureDelegate)
    {
        ArgumentNullException.ThrowIfNull(hostBuilder);
        ArgumentNullException.ThrowIfNull(configureDelegate);
        return hostBuilder.ConfigureServices((context, services) => configureDelegate(Add(services, context.Configuration)));
    }

    private static SiloBuilder Add(IServiceCollection services, IConfiguration configuration)
    {
        if (services.All(service => service.ServiceType != typeof(GrainRuntime)))
        {
            services.AddOptions().AddLogging();
            services.AddSingleton<GrainRuntime>();
            services.AddSingleton<IGrainFactory>(provider => provider.GetRequiredService<GrainRuntime>().Factory);
            services.AddSingleton<Silo>();
            services.AddHostedService(provider => provider.GetRequiredService<Silo>());
        }

        return new SiloBuilder(services, configuration);
    }

    private sealed record SiloBuilder(IServiceCollection Services, IConfiguration Configuration) : ISiloBuilder;
}
