#if CLUSTER
using Mesh.Contracts;
using Mesh.Silo.Stores;
using Mesh.Storage;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.Persistence;
using Orleans.Runtime.Hosting;
using Orleans.Storage;
using StackExchange.Redis;

namespace Mesh.Silo.Cluster;

/// <summary>The grains' states in Redis.</summary>
internal static class RedisStore
{
    private const string Inner = "redis";

    /// <summary>A connection that waits for a server that is away, and comes back by itself.</summary>
    public static ConfigurationOptions Settings(string text)
    {
        try
        {
            var settings = ConfigurationOptions.Parse(text);
            settings.ClientName = "mesh-silo";
            settings.AbortOnConnectFail = false;

            // For CONFIG GET, which reads; nothing is administered.
            settings.AllowAdmin = true;
            settings.ConnectTimeout = 2000;
            settings.AsyncTimeout = 2000;
            settings.SyncTimeout = 2000;
            settings.KeepAlive = 5;
            settings.HeartbeatInterval = TimeSpan.FromMilliseconds(500);
            settings.ReconnectRetryPolicy = new LinearRetry(250);

            // What cannot be sent fails at once instead of waiting in a line: the callers have deadlines, and each would wait there for its own.
            settings.BacklogPolicy = BacklogPolicy.FailFast;
            return settings.EndPoints.Count == 0 ? throw new UsageException("--redis names no server. Write it like host:6379,password=….") : settings;
        }
        catch (ArgumentException)
        {
            throw new UsageException("--redis is no connection string. Write it like host:6379,password=….");
        }
    }

    public static void Add(ISiloBuilder silo, SiloOptions options)
    {
        var settings = Settings(options.Redis!);
        silo.Services.AddSingleton(_ => ConnectionMultiplexer.Connect(settings));
        silo.AddRedisGrainStorage(Inner, (OptionsBuilder<RedisStorageOptions> redisOptions) => redisOptions.Configure<IServiceProvider>((redis, provider) =>
        {
            redis.ConfigurationOptions = settings;
            redis.CreateMultiplexer = _ => Task.FromResult<(IConnectionMultiplexer, bool)>((provider.GetRequiredService<ConnectionMultiplexer>(), true));
            redis.GrainStorageSerializer = new StateJsonSerializer(System.Text.Json.JsonSerializerOptions.Default);
            redis.DeleteStateOnClear = true;
        }));
        silo.Services.AddGrainStorage(MeshLimits.StorageName, static (provider, _) => new GuardedStorage(
            provider.GetRequiredKeyedService<IGrainStorage>(Inner), provider.GetRequiredService<RedisHealth>()));
        silo.Services.AddSingleton<RedisHealth>();
        silo.Services.AddSingleton<IStoreHealth>(static provider => provider.GetRequiredService<RedisHealth>());
        silo.Services.AddHostedService(static provider => provider.GetRequiredService<RedisHealth>());
    }
}
#endif
