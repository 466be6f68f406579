#if CLUSTER
using Mesh.Contracts;
using Mesh.Silo.Stores;
using StackExchange.Redis;

namespace Mesh.Silo.Cluster;

/// <summary>Whether Redis takes a write, and now and then whether it keeps what it took.</summary>
internal sealed class RedisHealth(ConnectionMultiplexer redis, SiloOptions options, TimeProvider time, ILogger<RedisHealth> logger)
    : BackgroundProbe("redis", StoreRole.State, "What runs goes on; changes are refused until it is back.", time, logger)
{
    private static readonly TimeSpan SettingsHold = TimeSpan.FromMinutes(1);
    private readonly RedisKey _key = $"{options.ClusterId}/health/{options.Name}";
    private readonly TimeProvider _time = time;
    private DateTimeOffset _readAgain;
    private string? _warning;

    protected override async Task<string?> Try(CancellationToken cancel)
    {
        var now = _time.GetUtcNow();

        // A write: a full one, and one that is a replica, read well.
        await redis.GetDatabase().StringSetAsync(_key, now.ToString("O"), TimeSpan.FromMinutes(10));
        if (now >= _readAgain)
        {
            _warning = RedisDurability.Warning(await Settings());
            _readAgain = now + SettingsHold;
        }

        return _warning;
    }

    protected override Task Recovered(CancellationToken cancel)
    {
        _readAgain = default;
        return Task.CompletedTask;
    }

    protected override string Explain(Exception failure) => failure switch
    {
        RedisServerException refused => $"It refuses writes ({refused.Message.Split(' ', 2)[0]}).",
        RedisTimeoutException => "It does not answer in time.",
        RedisConnectionException => "It cannot be reached.",
        _ => $"It cannot be used ({failure.GetType().Name}).",
    };

    // CONFIG is often forbidden where somebody else runs the server; INFO says some of it and seldom is.
    private async Task<IReadOnlyDictionary<string, string>> Settings()
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            foreach (var name in (string[])["appendonly", "appendfsync", "maxmemory-policy"])
            {
                if (await redis.GetDatabase().ExecuteAsync("CONFIG", "GET", name) is { Length: 2 } pair)
                {
                    found[name] = pair[1].ToString();
                }
            }
        }
        catch (Exception forbidden) when (forbidden is RedisServerException or RedisCommandException)
        {
            var text = (await redis.GetDatabase().ExecuteAsync("INFO", "everything")).ToString();
            foreach (var line in text.Split("\r\n"))
            {
                switch (line.Split(':', 2))
                {
                    case ["aof_enabled", var enabled]:
                        found["appendonly"] = enabled == "1" ? "yes" : "no";
                        break;
                    case ["maxmemory_policy", var policy]:
                        found["maxmemory-policy"] = policy;
                        break;
                }
            }
        }

        return found;
    }
}
#endif
