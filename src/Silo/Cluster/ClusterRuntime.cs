#if CLUSTER
using Mesh.Contracts;
using Mesh.Gateway.Rest;
using Mesh.Grains.Cluster;
using Mesh.Schema;
using Mesh.Silo.Stores;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Serialization.Cloning;

namespace Mesh.Silo.Cluster;

/// <summary>Several silos: members in PostgreSQL, states in Redis.</summary>
internal static class ClusterRuntime
{
    public static void Configure(ISiloBuilder silo, SiloOptions options)
    {
        Check(options);
        silo.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (options.ClusterId, options.ClusterId));
        silo.Configure<Orleans.Configuration.SiloOptions>(named => named.SiloName = options.Name);
        silo.ConfigureEndpoints(options.Advertise, options.SiloPort, options.OrleansGatewayPort, listenOnAnyHostAddress: false);
        silo.UseAdoNetClustering(table => (table.Invariant, table.ConnectionString) = ("Npgsql", options.Postgres));
        RedisStore.Add(silo, options);
        AddPostgresHealth(silo.Services, options);
        Membership.Tune(silo);
        silo.Services.AddSingleton<IFatalErrorHandler, DeclaredDead>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, StaleMembers>();
        silo.Services.AddSingleton<IClusterMembers, ClusterMembers>();
        silo.AddPlacementDirector<SiloPlacement, SiloPlacementDirector>();
        AddSerializer(silo.Services);
    }

    /// <summary>Whether the options fit each other.</summary>
    /// <exception cref="UsageException">They do not.</exception>
    public static void Check(SiloOptions options)
    {
        if (RoleOptions.Trouble(options) is { } wrong)
        {
            throw new UsageException(wrong);
        }
    }

    /// <summary>The gateway alone: it knows the silos from the table of members, and holds no grain.</summary>
    public static void AddClient(WebApplicationBuilder builder, SiloOptions options, TimeSpan answerWithin)
    {
        Check(options);
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (options.ClusterId, options.ClusterId));
            client.Configure<GatewayOptions>(static gateways => gateways.GatewayListRefreshPeriod = TimeSpan.FromSeconds(2));
            client.UseConnectionRetryFilter(static async (_, cancel) =>
            {
                await Task.Delay(TimeSpan.FromSeconds(1), cancel);
                return true;
            });
            client.Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = answerWithin);
            client.UseAdoNetClustering(table => (table.Invariant, table.ConnectionString) = ("Npgsql", options.Postgres));
            AddPostgresHealth(client.Services, options);
            Membership.Connections(client.Services);
            AddSerializer(client.Services);
        });
    }

    /// <summary>One line in readiness for each store that this process has.</summary>
    public static void AddChecks(IServiceCollection services)
    {
        if (services.Any(static service => service.ServiceType == typeof(RedisHealth)))
        {
            services.AddSingleton<IReadinessCheck, CutOffCheck>();
        }

        foreach (var probe in services.Select(static service => service.ServiceType).Where(static type => type.IsSubclassOf(typeof(BackgroundProbe))).ToArray())
        {
            services.AddSingleton<IReadinessCheck>(provider => new StoreCheck((IStoreHealth)provider.GetRequiredService(probe)));
        }
    }

    private static void AddPostgresHealth(IServiceCollection services, SiloOptions options)
    {
        services.AddSingleton(WaitingRoom.Database(options));
        services.AddSingleton<PostgresHealth>();
        services.AddSingleton<IStoreHealth>(static provider => provider.GetRequiredService<PostgresHealth>());
        services.AddHostedService(static provider => provider.GetRequiredService<PostgresHealth>());
    }

    private static void AddSerializer(IServiceCollection services)
    {
        services.AddSerializer(static serializer => serializer.AddJsonSerializer(
            isSerializable: MeshTypesCopier.IsOurs, isCopyable: static _ => false));
        services.AddSingleton<IGeneralizedCopier, MeshTypesCopier>();
    }
}
#endif
