using Mesh.Contracts;
using Mesh.Gateway.Rest;
using Mesh.Grains;
using Mesh.Grains.Cluster;
using Orleans.Configuration;
using Orleans.Hosting;
#if CLUSTER
using Mesh.Silo.Cluster;
#else
using Mesh.Silo.Stores;
using Mesh.Storage;
#endif

namespace Mesh.Silo;

/// <summary>The grain runtime and where it keeps things: the one place in src/ where the editions differ.</summary>
internal static class GrainRuntime
{
    /// <summary>Which of the two this is.</summary>
    public const string Edition =
#if CLUSTER
        "Cluster";
#else
        "Embedded";
#endif

    private const bool SeveralSilos =
#if CLUSTER
        true;
#else
        false;
#endif

    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    // Where there is no other gateway to go to, nothing is gained by spreading who goes.
#if CLUSTER
    public static TimeSpan DrainAnnounce { get; } = TimeSpan.FromSeconds(1);

    public static TimeSpan DrainTime { get; } = TimeSpan.FromSeconds(3);
#else
    public static TimeSpan DrainAnnounce => TimeSpan.Zero;

    public static TimeSpan DrainTime => TimeSpan.Zero;
#endif

    /// <summary>Adds the silo, or what reaches those of others.</summary>
    public static void AddTo(WebApplicationBuilder builder, SiloOptions options)
    {
#if CLUSTER
        if (!options.HasGrains)
        {
            ClusterRuntime.AddClient(builder, options, AnswerWithin);
            return;
        }
#endif
        builder.UseOrleans(silo => Configure(silo, options));
    }

    /// <summary>Waits for what it cannot start without. False when it was stopped meanwhile.</summary>
    public static Task<bool> Wait(SiloOptions options) =>
#if CLUSTER
        WaitingRoom.Wait(options);
#else
        Task.FromResult(true);
#endif

    /// <summary>Adds what readiness asks of the stores.</summary>
    public static void AddChecks(IServiceCollection services)
    {
#if CLUSTER
        ClusterRuntime.AddChecks(services);
#else
        services.AddMeshStorageCheck();
#endif
    }

    private static void Configure(ISiloBuilder silo, SiloOptions options)
    {
        silo.Services.AddSingleton(new GrainSettings { ReportArchive = options.ReplayWindow, TakeOver = SeveralSilos });
        silo.Services.AddMeshGrains();
        silo.Configure<SiloMessagingOptions>(static messaging => messaging.ResponseTimeout = AnswerWithin);
        if (options.OtlpEndpoint is not null)
        {
            silo.AddActivityPropagation();
        }

#if CLUSTER
        ClusterRuntime.Configure(silo, options);
#else
        silo.AddSqliteGrainStorage(MeshLimits.StorageName, sqlite => sqlite.Path = Path.Combine(options.DataDirectory, "mesh.db"));
        silo.Services.AddSingleton<IStoreHealth, SqliteHealth>();
        silo.Services.AddSingleton<IClusterMembers>(provider => new OneMember(options.Name, provider.GetRequiredService<ISiloFacts>()));
#endif
    }
}
