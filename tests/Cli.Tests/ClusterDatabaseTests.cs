using Mesh.Local.Processes;
using Mesh.Local.Stores;
using Npgsql;

namespace Mesh.Cli.Tests;

/// <summary><c>meshctl cluster</c> and its SQL on a real PostgreSQL, where one is installed.</summary>
public sealed class ClusterDatabaseTests : MeshctlTest, IClassFixture<ClusterDatabaseTests.Postgres>
{
    private const string Me = "'c', '10.0.0.1', 11111, 7";

    private readonly Postgres _postgres;

    public ClusterDatabaseTests(Postgres postgres)
    {
        Assert.SkipWhen(postgres.Missing is not null, postgres.Missing ?? "");
        _postgres = postgres;
    }

    [Fact]
    public async Task It_is_applied_once_and_repeating_it_changes_nothing()
    {
        var database = await _postgres.Database();
        Assert.Equal(5, (await Run("cluster", "check", "--postgres", database)).ExitCode);

        var first = await Run("cluster", "init", "--postgres", database);
        Assert.Equal((0, ""), (first.ExitCode, first.Error));
        Assert.StartsWith("Made version 1 of the tables (", first.Out, StringComparison.Ordinal);
        var again = await Run("cluster", "init", "--postgres", database);
        Assert.Equal((0, ""), (again.ExitCode, again.Error));
        Assert.StartsWith("The tables were there already, version 1 (", again.Out, StringComparison.Ordinal);
        Assert.StartsWith("-- Nothing to do", (await Run("cluster", "init", "--dry-run", "--postgres", database)).Out, StringComparison.Ordinal);

        var check = await Run("cluster", "check", "--postgres", database);
        Assert.Equal((0, ""), (check.ExitCode, check.Error));
        Assert.StartsWith("Version 1, as it should be; applied by mesh at ", check.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_that_apply_it_at_once_apply_it_once()
    {
        var database = await _postgres.Database();
        var ran = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Run("cluster", "init", "--postgres", database)));
        Assert.All(ran, one => Assert.Equal((0, ""), (one.ExitCode, one.Error)));
        Assert.Single(ran, one => one.Out.StartsWith("Made version 1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_dry_run_prints_does_the_same()
    {
        var database = await _postgres.Database();
        await Execute(database, (await Run("cluster", "init", "--dry-run", "--postgres", database)).Out);
        Assert.Equal(0, (await Run("cluster", "check", "--postgres", database)).ExitCode);
    }

    [Fact]
    public async Task Tables_of_somebody_else_and_of_a_newer_program_are_left_alone()
    {
        var foreign = await _postgres.Database();
        await Execute(foreign, "CREATE TABLE OrleansQuery (QueryKey varchar(64))");
        var ran = await Run("cluster", "init", "--postgres", foreign);
        Assert.Equal(1, ran.ExitCode);
        Assert.Contains("OrleansQuery that this program did not make", ran.Error, StringComparison.Ordinal);
        Assert.Equal(false, await Scalar(foreign, "SELECT to_regclass('mesh_schema') IS NOT NULL"));

        var newer = await _postgres.Database();
        await Run("cluster", "init", "--postgres", newer);
        await Execute(newer, "INSERT INTO mesh_schema (version) VALUES (99)");
        Assert.Equal(1, (await Run("cluster", "init", "--postgres", newer)).ExitCode);
        Assert.Equal(5, (await Run("cluster", "check", "--postgres", newer)).ExitCode);
    }

    [Fact]
    public async Task A_role_that_is_given_its_rights_can_do_what_a_silo_does_and_no_more()
    {
        var database = await _postgres.Database();
        var role = $"silo-{Guid.NewGuid():N}";
        await Execute(database, $"CREATE ROLE \"{role}\" LOGIN PASSWORD 'x'");
        Assert.Equal(0, (await Run("cluster", "init", "--postgres", database, "--grant", role)).ExitCode);
        var silo = new NpgsqlConnectionStringBuilder(database) { Username = role, Password = "x", Pooling = false }.ConnectionString;

        Assert.Equal(0, (await Run("cluster", "check", "--postgres", silo)).ExitCode);
        await Ask(silo, "InsertMembershipVersionKey");
        Assert.Equal(1, await Ask(silo, "InsertMembershipKey", version: 0));
        Assert.Equal(1, await Ask(silo, "UpdateMembershipKey", version: 1));
        await Ask(silo, "UpdateIAmAlivetimeKey");
        await Ask(silo, "CleanupDefunctSiloEntriesKey");
        foreach (var beyond in (string[])["DELETE FROM mesh_cluster", "UPDATE OrleansQuery SET QueryText = ''", "DELETE FROM mesh_schema", "DROP TABLE mesh_member"])
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => Execute(silo, beyond));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        }
    }

    [Fact]
    public async Task Of_two_that_saw_the_same_version_one_changes_the_members()
    {
        var database = await Applied();
        var generations = Enumerable.Range(1, 8).ToArray();
        var answers = await Task.WhenAll(generations.Select(generation => Ask(database, "InsertMembershipKey", version: 0, generation: generation)));
        Assert.Equal(1, answers.Sum(answer => (int)answer!));
        Assert.Equal(1, await Scalar(database, "SELECT version FROM mesh_cluster"));
        Assert.Equal(1L, await Scalar(database, "SELECT count(*) FROM mesh_member"));
    }

    [Fact]
    public async Task A_change_on_a_version_that_is_gone_and_of_a_member_that_is_not_there_changes_nothing()
    {
        var database = await Applied();
        Assert.Equal(0, await Ask(database, "UpdateMembershipKey", version: 0));
        Assert.Equal(1, await Ask(database, "InsertMembershipKey", version: 0));
        Assert.Equal(0, await Ask(database, "InsertMembershipKey", version: 1));
        Assert.Equal(0, await Ask(database, "InsertMembershipKey", version: 0, generation: 8));
        Assert.Equal(0, await Ask(database, "UpdateMembershipKey", version: 0));
        Assert.Equal(1, await Scalar(database, "SELECT version FROM mesh_cluster"));
        Assert.Equal(1, await Ask(database, "UpdateMembershipKey", version: 1, status: 6));
        Assert.Equal(6, await Scalar(database, $"SELECT status FROM mesh_member WHERE (cluster_id, address, port, generation) = ({Me})"));
    }

    [Fact]
    public async Task A_sign_of_life_is_no_change_of_the_members()
    {
        var database = await Applied();
        await Ask(database, "InsertMembershipKey", version: 0);
        await Ask(database, "UpdateIAmAlivetimeKey", alive: Now.AddMinutes(1));
        Assert.Equal(Now.AddMinutes(1).UtcDateTime, await Scalar(database, "SELECT alive_at FROM mesh_member"));
        Assert.Equal(1, await Scalar(database, "SELECT version FROM mesh_cluster"));
    }

    [Fact]
    public async Task Only_the_dead_are_forgotten()
    {
        var database = await Applied();
        await Ask(database, "InsertMembershipKey", version: 0, generation: 1, status: 6);
        await Ask(database, "InsertMembershipKey", version: 1, generation: 2, status: 2);
        await Ask(database, "CleanupDefunctSiloEntriesKey", alive: Now.AddDays(1));
        Assert.Equal(2, await Scalar(database, "SELECT generation FROM mesh_member"));
    }

    [Fact]
    public async Task Gateways_apart_are_shown_the_silos_that_listen_for_them()
    {
        var database = await Applied();
        await Ask(database, "InsertMembershipKey", version: 0, generation: 1, port: 0);
        await Ask(database, "InsertMembershipKey", version: 1, generation: 2);
        await Ask(database, "InsertMembershipKey", version: 2, generation: 3, status: 6);
        Assert.Equal("10.0.0.1", await Ask(database, "GatewaysQueryKey"));
        await using var rows = await Query(database, "GatewaysQueryKey");
        Assert.True(await rows.ReadAsync());
        Assert.Equal((30000, 2), (rows.GetInt32(rows.GetOrdinal("ProxyPort")), rows.GetInt32(rows.GetOrdinal("Generation"))));
        Assert.False(await rows.ReadAsync());
    }

    [Theory]
    [InlineData("MembershipReadAllKey")]
    [InlineData("MembershipReadRowKey")]
    public async Task The_version_is_read_even_without_members_and_all_columns_with_one(string query)
    {
        var database = await Applied();
        await using (var rows = await Query(database, query))
        {
            Assert.True(await rows.ReadAsync());
            Assert.Equal((0, true), (rows.GetInt32(rows.GetOrdinal("Version")), rows.IsDBNull(rows.GetOrdinal("StartTime"))));
        }

        await Ask(database, "InsertMembershipKey", version: 0);
        await using var one = await Query(database, query);
        Assert.True(await one.ReadAsync());
        object[] expected = ["c", "10.0.0.1", 11111, 7, "s1", "host", 3, 30000, DBNull.Value, Now.UtcDateTime, Now.UtcDateTime, 1];
        string[] columns = ["DeploymentId", "Address", "Port", "Generation", "SiloName", "HostName", "Status", "ProxyPort", "SuspectTimes", "StartTime", "IAmAliveTime", "Version"];
        Assert.Equal(expected, columns.Select(column => one.GetValue(one.GetOrdinal(column))));
    }

    private async Task<string> Applied()
    {
        var database = await _postgres.Database();
        Assert.Equal(0, (await Run("cluster", "init", "--postgres", database)).ExitCode);
        Assert.Equal(1, await Ask(database, "InsertMembershipVersionKey"));
        Assert.Equal(0, await Ask(database, "InsertMembershipVersionKey"));
        return database;
    }

    // As the runtime asks: the text of the query from the table, and its parameters by name.
    private static async Task<object?> Ask(
        string database, string query, int version = 0, int generation = 7, int status = 3, int port = 30000, DateTimeOffset? alive = null)
    {
        await using var connection = await Open(database);
        await using var command = await Command(connection, query, version, generation, status, port, alive ?? Now);
        return await command.ExecuteScalarAsync();
    }

    private static async Task<NpgsqlDataReader> Query(string database, string query)
    {
        var connection = await Open(database);
        await using var command = await Command(connection, query, 0, 7, 3, 30000, Now);
        return await command.ExecuteReaderAsync(System.Data.CommandBehavior.CloseConnection);
    }

    private static async Task<NpgsqlCommand> Command(NpgsqlConnection connection, string query, int version, int generation, int status, int port, DateTimeOffset alive)
    {
        await using var stored = new NpgsqlCommand("SELECT QueryText FROM OrleansQuery WHERE QueryKey = $1", connection) { Parameters = { new() { Value = query } } };
        var command = new NpgsqlCommand((string)(await stored.ExecuteScalarAsync())!, connection);
        foreach (var (name, value) in ((string, object)[])
        [
            ("DeploymentId", "c"), ("Address", "10.0.0.1"), ("Port", 11111), ("Generation", generation), ("SiloName", "s1"), ("HostName", "host"), ("Status", status),
            ("ProxyPort", port), ("StartTime", Now.UtcDateTime), ("IAmAliveTime", alive.UtcDateTime), ("SuspectTimes", DBNull.Value), ("Version", version),
        ])
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }

    private static async Task Execute(string database, string sql)
    {
        await using var connection = await Open(database);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<object?> Scalar(string database, string sql)
    {
        await using var connection = await Open(database);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    private static async Task<NpgsqlConnection> Open(string database)
    {
        var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>One server for all of these tests; each has a schema of its own in its database, which takes no time.</summary>
    public sealed class Postgres : IAsyncLifetime
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mesh-schema-");
        private PostgresServer? _server;

        public string? Missing { get; private set; }

        public async ValueTask InitializeAsync()
        {
            try
            {
                _server = new PostgresServer(Path.Combine(_folder.FullName, "postgres"));
            }
            catch (LocalClusterException missing)
            {
                Missing = missing.Message;
                return;
            }

            await _server.Start(CancellationToken.None);
        }

        public async Task<string> Database()
        {
            var name = $"t{Guid.NewGuid():N}";
            await Execute(_server!.ConnectionString, $"CREATE SCHEMA {name}");
            return new NpgsqlConnectionStringBuilder(_server.ConnectionString) { SearchPath = name, Pooling = false }.ConnectionString;
        }

        public async ValueTask DisposeAsync()
        {
            if (_server is not null)
            {
                NpgsqlConnection.ClearAllPools();
                await _server.DisposeAsync();
            }

            _folder.Delete(recursive: true);
        }
    }
}
