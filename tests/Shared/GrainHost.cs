using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;
using Orleans.Storage;
#if CLUSTER
using Orleans.Serialization;
using Orleans.TestingHost;
#else
using Microsoft.Extensions.Logging;
#endif

namespace Mesh.Testing;

/// <summary>
/// One silo in this process: on the embedded runtime, or, in the Cluster edition, on Orleans' own in-process test cluster. Grains live by
/// <see cref="Time"/>, which stands still until a test advances it; call time-outs live by the real clock unless asked otherwise, and
/// idle grains are collected by the manual clock here and by the real one in Orleans, whose collector knows no other.
/// </summary>
public sealed class GrainHost : IAsyncDisposable
{
#if CLUSTER
    private readonly InProcessTestCluster _host;

    private GrainHost(InProcessTestCluster host, ManualTimeProvider time) => (_host, Time) = (host, time);

    public IServiceProvider Services => _host.GetSiloServiceProvider();
#else
    private readonly IHost _host;

    private GrainHost(IHost host, ManualTimeProvider time) => (_host, Time) = (host, time);

    public IServiceProvider Services => _host.Services;
#endif

    public ManualTimeProvider Time { get; }

    /// <summary>Whether messages reach a grain in the order in which they were sent, which Orleans promises to nobody.</summary>
    public static bool KeepsOrder =>
#if CLUSTER
        false;
#else
        true;
#endif

    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    /// <summary>Starts a silo.</summary>
    /// <param name="storage">Registered under <paramref name="storageName"/> and as the default; a fresh one when null.</param>
    /// <param name="storageName">The name the grains ask for.</param>
    /// <param name="configure">What else the silo needs.</param>
    /// <param name="time">The clock of grains; a fresh one when null.</param>
    /// <param name="manualTimeouts">Whether call time-outs live by the manual clock too.</param>
    public static async Task<GrainHost> StartAsync(
        IGrainStorage? storage = null,
        string storageName = "mesh",
        Action<ISiloBuilder>? configure = null,
        ManualTimeProvider? time = null,
        bool manualTimeouts = false)
    {
        time ??= new();
        storage ??= new InMemoryStorage();
        void Configure(ISiloBuilder silo)
        {
            silo.Services.AddSingleton<TimeProvider>(time);
            silo.Services.AddKeyedSingleton<TimeProvider>(TimeProviderNames.Messaging, manualTimeouts ? time : TimeProvider.System);
            silo.Services.AddGrainStorage(storageName, (_, _) => storage);
            silo.Services.AddGrainStorage("Default", (_, _) => storage);
            silo.AddActivityPropagation();
            configure?.Invoke(silo);
        }

#if CLUSTER
        var builder = new InProcessTestClusterBuilder(1) { Options = { InitializeClientOnDeploy = false, ConfigureFileLogging = false } };
        builder.ConfigureSilo((_, silo) =>
        {
            foreach (var area in new[] { TimeProviderNames.SystemTimers, TimeProviderNames.Membership, TimeProviderNames.GrainDirectory, TimeProviderNames.ActivationManagement })
            {
                silo.Services.AddKeyedSingleton(area, TimeProvider.System);
            }

            silo.Services.AddSerializer(serializer => serializer.AddJsonSerializer(
                type => !type.IsInterface && type.Namespace?.StartsWith("Mesh.", StringComparison.Ordinal) == true));
            Configure(silo);
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new(cluster, time);
#else
        var host = new HostBuilder().ConfigureLogging(logging => logging.SetMinimumLevel(LogLevel.Warning)).UseOrleans(Configure).Build();
        await host.StartAsync();
        return new(host, time);
#endif
    }

    /// <summary>Stops it in an orderly way: every grain is deactivated.</summary>
    public async ValueTask DisposeAsync()
    {
#if CLUSTER
        await _host.StopAllSilosAsync();
        await _host.DisposeAsync();
#else
        await _host.StopAsync();
        _host.Dispose();
#endif
    }
}
