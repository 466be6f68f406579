#if CLUSTER
using System.Diagnostics;
using System.Net;
using Mesh.Schema;
using Mesh.Silo.Tls;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using StackExchange.Redis;

namespace Mesh.Silo.Cluster;

/// <summary>
/// Where a process waits, before it starts, for what it cannot start without: the stores, and a gateway apart for a silo. It says in the log what it waits for, and
/// answers on the REST port that it lives and is not ready. When all is there it costs one question to each store.
/// </summary>
/// <remarks>
/// Rejected: to exit and leave it to a supervisor, which would start it again and again, with pauses of its own choosing that last longer than the store was away.
/// </remarks>
internal static class WaitingRoom
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Reminder = TimeSpan.FromSeconds(10);

    /// <summary>Returns true when it may start, and false when it was stopped while it waited.</summary>
    /// <exception cref="UsageException">An option is wrong.</exception>
    /// <exception cref="SchemaException">A store is there and not fit for use.</exception>
    public static async Task<bool> Wait(SiloOptions options)
    {
        ClusterRuntime.Check(options);
        var database = Database(options);
        var missing = await Missing(options, database);
        if (missing is null)
        {
            return true;
        }

        await using var room = Room(options, () => missing);
        var log = room.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Mesh.Silo");
        await room.StartAsync();
        var (started, said) = (Stopwatch.GetTimestamp(), (string?)null);
        var saidAt = 0L;
        while (missing is not null)
        {
            if (missing != said || Stopwatch.GetElapsedTime(saidAt) > Reminder)
            {
                log.LogWarning("Waiting since {Seconds:0} s: {Missing}", Stopwatch.GetElapsedTime(started).TotalSeconds, missing);
                (said, saidAt) = (missing, Stopwatch.GetTimestamp());
            }

            try
            {
                await Task.Delay(Period, room.Lifetime.ApplicationStopping);
            }
            catch (OperationCanceledException)
            {
                return false;
            }

            missing = await Missing(options, database);
        }

        log.LogInformation("All that was missing is there, after {Seconds:0.0} s", Stopwatch.GetElapsedTime(started).TotalSeconds);
        await room.StopAsync();
        return true;
    }

    public static SchemaDatabase Database(SiloOptions options)
    {
        try
        {
            return new SchemaDatabase(options.Postgres!, "mesh-silo");
        }
        catch (FormatException wrong)
        {
            throw new UsageException($"--postgres: {wrong.Message}");
        }
    }

    // What it still waits for, for people; null for nothing.
    private static async Task<string?> Missing(SiloOptions options, SchemaDatabase database)
    {
        try
        {
            if ((await database.Read(CancellationToken.None)).Trouble is var (what, remedy))
            {
                throw new UnfitStoreException($"{what} ({database.Where}) {remedy}");
            }

            return options.HasGrains ? await Redis(options) : await Silos(options, database);
        }
        catch (SchemaException away) when (away.IsAway)
        {
            return $"{away.Message} {away.Remedy}";
        }
        catch (SchemaException refused)
        {
            throw new UnfitStoreException($"{refused.Message} {refused.Remedy}");
        }
    }

    private static async Task<string?> Redis(SiloOptions options)
    {
        var settings = RedisStore.Settings(options.Redis!);
        settings.AbortOnConnectFail = true;
        settings.ConnectRetry = 0;
        var where = string.Join(", ", settings.EndPoints.Select(static point => point is DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : point.ToString()));
        try
        {
            await using var redis = await ConnectionMultiplexer.ConnectAsync(settings);
            await redis.GetDatabase().PingAsync();
            return null;
        }
        catch (RedisConnectionException refused) when (refused.FailureType == ConnectionFailureType.AuthenticationFailure)
        {
            throw new UnfitStoreException($"Redis ({where}) does not accept the user or the password. Correct --redis: host:6379,user=…,password=….");
        }
        catch (Exception away) when (away is RedisException or TimeoutException)
        {
            return $"Redis ({where}) cannot be reached. See that it runs, and that the host and the port are right.";
        }
    }

    private static async Task<string?> Silos(SiloOptions options, SchemaDatabase database)
    {
        var known = await database.Gateways(options.ClusterId, CancellationToken.None);
        return await Reach.Any(known.Select(static silo => new IPEndPoint(IPAddress.Parse(silo.Address), silo.Port)), CancellationToken.None)
            ? null
            : known.Count == 0
                ? $"The cluster '{options.ClusterId}' has no silo that listens for gateways. Start silos with the same --cluster-id, and with an --orleans-gateway-port."
                : $"None of the {known.Count} silos of the cluster '{options.ClusterId}' can be reached.";
    }

    private static WebApplication Room(SiloOptions options, Func<string?> missing)
    {
        var tls = ServerTls.Load(options, TimeProvider.System);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSingleton(TimeProvider.System);
        Logs.Configure(builder.Logging, options);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(options.Bind, options.RestPort, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                tls?.Secure(listen, isGrpc: false);
            });
        });
        tls?.AddTo(builder);
        var app = builder.Build();
        app.Run(http =>
        {
            if (http.Request.Path == "/healthz")
            {
                return http.Response.WriteAsync("ok\n");
            }

            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            http.Response.Headers.RetryAfter = "2";
            http.Response.ContentType = "application/json";
            var why = System.Text.Json.JsonEncodedText.Encode(missing() ?? "It is about to start.");
            return http.Response.WriteAsync($$"""{"ready":false,"checks":[{"name":"start","ok":false,"detail":"{{why}}","required":true}]}""");
        });
        return app;
    }
}
#endif
