using Mesh.Local.Processes;

namespace Mesh.Local.Stores;

/// <summary>
/// Where a cluster keeps its members and its grains' states: servers of ours, which can be killed, or connection strings of somebody
/// else's, which cannot.
/// </summary>
public sealed class StorePair : IAsyncDisposable
{
    private readonly string? _postgres;
    private readonly string? _redis;

    private StorePair(string? postgres, string? redis) => (_postgres, _redis) = (postgres, redis);

    /// <summary>Ours; null when one was named.</summary>
    public PostgresServer? Postgres { get; private init; }

    /// <inheritdoc cref="Postgres"/>
    public RedisServer? Redis { get; private init; }

    public string PostgresConnection => Postgres?.ConnectionString ?? _postgres!;

    public string RedisConnection => Redis?.ConnectionString ?? _redis!;

    /// <summary>What silos read it from: no secret is on a command line.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["MESH_POSTGRES"] = PostgresConnection,
        ["MESH_REDIS"] = RedisConnection,
    };

    /// <summary>Why stores of ours cannot be started here; null when they can.</summary>
    public static string? Trouble() => PostgresServer.Trouble() ?? RedisServer.Trouble();

    /// <summary>Makes ready what is not named.</summary>
    /// <param name="folder">Where the data of ours goes.</param>
    /// <param name="postgres">A connection string; null for a server of ours.</param>
    /// <param name="redis">A connection string; null for a server of ours.</param>
    /// <param name="host">The address that silos reach ours at.</param>
    /// <exception cref="LocalClusterException">A package is missing.</exception>
    public static StorePair In(string folder, string? postgres = null, string? redis = null, string host = "127.0.0.1") => new(postgres, redis)
    {
        Postgres = postgres is null ? new PostgresServer(Path.Combine(folder, "postgres"), host) : null,
        Redis = redis is null ? new RedisServer(Path.Combine(folder, "redis"), host) : null,
    };

    public Task Start(CancellationToken cancel) => Task.WhenAll(Postgres?.Start(cancel) ?? Task.CompletedTask, Redis?.Start(cancel) ?? Task.CompletedTask);

    /// <summary>Applies the schema of the members' tables, as an operator would: <c>meshctl cluster init</c>. Repeating it changes nothing.</summary>
    /// <exception cref="LocalClusterException">It failed; the message says why.</exception>
    public async Task ApplySchema()
    {
        var launch = new Launch { Environment = Environment };
        await Tool.Run(launch, Machine.Built("Mesh.Cli", "meshctl"), "cluster", "init");
    }

    public async ValueTask DisposeAsync() =>
        await Task.WhenAll(Postgres?.DisposeAsync().AsTask() ?? Task.CompletedTask, Redis?.DisposeAsync().AsTask() ?? Task.CompletedTask);
}
