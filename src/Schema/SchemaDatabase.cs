using Npgsql;

namespace Mesh.Schema;

/// <summary>A database that has the schema, or is to have it.</summary>
public sealed class SchemaDatabase
{
    private readonly string _connection;

    /// <param name="connectionString">As Npgsql reads it: <c>Host=…;Database=…;Username=…;Password=…</c>.</param>
    /// <param name="program">Whom the database's own views show.</param>
    /// <exception cref="FormatException">It is none; the message says why, and holds nothing of it that is secret.</exception>
    public SchemaDatabase(string connectionString, string program)
    {
        try
        {
            // Few connections, seldom: a pool would only keep one open for nothing.
            var settings = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = program, Pooling = false };
            settings.Timeout = Math.Min(settings.Timeout, 5);
            var name = settings.Database ?? settings.Username;
            Where = string.IsNullOrEmpty(name) ? $"{settings.Host}:{settings.Port}" : $"{settings.Host}:{settings.Port}, database {name}";
            _connection = string.IsNullOrEmpty(settings.Host)
                ? throw new FormatException("It names no host. Write it like Host=db;Database=mesh;Username=mesh;Password=…")
                : settings.ConnectionString;
        }
        catch (ArgumentException wrong) when (wrong is not ArgumentNullException)
        {
            throw new FormatException("This is no connection string. Write it like Host=db;Database=mesh;Username=mesh;Password=…");
        }
    }

    /// <summary>The host and the database, for people; without what is secret.</summary>
    public string Where { get; }

    /// <summary>Looks which version there is.</summary>
    /// <exception cref="SchemaException">The database cannot be asked.</exception>
    public Task<SchemaState> Read(CancellationToken cancel) => Ask(connection => Read(connection, cancel), cancel);

    /// <summary>Brings it up to date, if it is not, and gives roles their rights; all or nothing. Others that do the same wait.</summary>
    /// <returns>What it had before.</returns>
    /// <exception cref="SchemaException">It could not; nothing was changed.</exception>
    public Task<SchemaState> Apply(IReadOnlyList<string> roles, CancellationToken cancel) => Ask(
        async connection =>
        {
            await using var transaction = await connection.BeginTransactionAsync(cancel);
            await Execute(connection, ClusterSchema.Alone, cancel);
            var before = await Read(connection, cancel);
            if (before.IsForeign || before.Version > ClusterSchema.Version)
            {
                throw new SchemaException(before.Trouble!.Value.What, before.Trouble.Value.Remedy, isAway: false);
            }

            if (before.Version < ClusterSchema.Version)
            {
                await Execute(connection, ClusterSchema.Notes, cancel);
            }

            for (var version = before.Version + 1; version <= ClusterSchema.Version; version++)
            {
                await Execute(connection, ClusterSchema.Of(version), cancel);
                await Execute(connection, $"INSERT INTO mesh_schema (version) VALUES ({version})", cancel);
            }

            foreach (var role in roles)
            {
                await Execute(connection, ClusterSchema.Grants(role), cancel);
            }

            await transaction.CommitAsync(cancel);
            return before;
        },
        cancel);

    /// <summary>Where the silos of a cluster listen for gateways apart.</summary>
    /// <exception cref="SchemaException">The database cannot be asked.</exception>
    public Task<IReadOnlyList<(string Address, int Port)>> Gateways(string cluster, CancellationToken cancel) => Ask<IReadOnlyList<(string, int)>>(
        async connection =>
        {
            const string Active = "SELECT address, gateway_port FROM mesh_member WHERE cluster_id = $1 AND status = 3 AND gateway_port > 0";
            await using var command = new NpgsqlCommand(Active, connection) { Parameters = { new() { Value = cluster } } };
            await using var rows = await command.ExecuteReaderAsync(cancel);
            var found = new List<(string, int)>();
            while (await rows.ReadAsync(cancel))
            {
                found.Add((rows.GetString(0), rows.GetInt32(1)));
            }

            return found;
        },
        cancel);

    private static async Task<SchemaState> Read(NpgsqlConnection connection, CancellationToken cancel)
    {
        const string Which = "SELECT to_regclass('mesh_schema') IS NOT NULL, to_regclass('orleansquery') IS NOT NULL";
        await using (var which = new NpgsqlCommand(Which, connection))
        await using (var found = await which.ExecuteReaderAsync(cancel))
        {
            await found.ReadAsync(cancel);
            if (!found.GetBoolean(0))
            {
                return new(0, null, null, IsForeign: found.GetBoolean(1));
            }
        }

        await using var newest = new NpgsqlCommand("SELECT version, applied_at, applied_by FROM mesh_schema ORDER BY version DESC LIMIT 1", connection);
        await using var row = await newest.ExecuteReaderAsync(cancel);
        return await row.ReadAsync(cancel) ? new(row.GetInt32(0), row.GetFieldValue<DateTimeOffset>(1), row.GetString(2), IsForeign: false) : new(0, null, null, IsForeign: false);
    }

    private static async Task Execute(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private async Task<T> Ask<T>(Func<NpgsqlConnection, Task<T>> ask, CancellationToken cancel)
    {
        try
        {
            await using var connection = new NpgsqlConnection(_connection);
            await connection.OpenAsync(cancel);
            return await ask(connection);
        }
        catch (PostgresException refused)
        {
            throw SchemaException.From(Where, refused);
        }
        catch (Exception away) when (away is NpgsqlException or TimeoutException or IOException or System.Net.Sockets.SocketException)
        {
            throw new SchemaException(
                $"PostgreSQL ({Where}) cannot be reached.", "See that it runs, that the host and the port are right, and that its pg_hba.conf lets this machine in.", isAway: true);
        }
    }
}
