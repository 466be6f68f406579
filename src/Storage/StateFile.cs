using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Mesh.Storage;

/// <summary>
/// The file: how it is opened, and which schema it has. WAL lets reads go on beside the writer; synchronous=FULL has each commit on
/// the disk itself before it is acknowledged, so that not even a loss of power takes it back.
/// </summary>
internal static class StateFile
{
    /// <summary>The schema that this program writes. A file with a newer one is refused rather than guessed at.</summary>
    internal const int SchemaVersion = 1;

    /// <summary>"mesh" in ASCII; tells a store from any other SQLite file.</summary>
    private const int ApplicationId = 0x6d657368;

    /// <summary>Opens the connection that writes, and brings the file to the current schema.</summary>
    internal static SqliteConnection OpenForWriting(string path, TimeSpan busyTimeout)
    {
        var connection = Open(path, SqliteOpenMode.ReadWriteCreate, busyTimeout);
        try
        {
            CheckSchema(connection, path);
            Execute(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;");
            Execute(connection, $"""
                BEGIN IMMEDIATE;
                CREATE TABLE IF NOT EXISTS grain_state (
                    grain TEXT NOT NULL, state TEXT NOT NULL, etag INTEGER NOT NULL, payload BLOB NOT NULL, PRIMARY KEY (grain, state));
                PRAGMA application_id={ApplicationId};
                PRAGMA user_version={SchemaVersion};
                COMMIT;
                """);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Opens a connection that only reads.</summary>
    internal static SqliteConnection OpenForReading(string path, TimeSpan busyTimeout) => Open(path, SqliteOpenMode.ReadOnly, busyTimeout);

    internal static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    internal static long Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private static SqliteConnection Open(string path, SqliteOpenMode mode, TimeSpan busyTimeout)
    {
        var target = new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false, DefaultTimeout = (int)busyTimeout.TotalSeconds };
        var connection = new SqliteConnection(target.ToString());
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void CheckSchema(SqliteConnection connection, string path)
    {
        var (id, version) = (Scalar(connection, "PRAGMA application_id"), Scalar(connection, "PRAGMA user_version"));
        if (version > SchemaVersion && id == ApplicationId)
        {
            throw new StorageException(
                $"The store '{path}' has schema {version}; this program knows up to {SchemaVersion}. Use the newer program that wrote it, or a backup from before the upgrade.");
        }

        if (id != ApplicationId && Scalar(connection, "SELECT count(*) FROM sqlite_master") > 0)
        {
            throw new StorageException($"The file '{path}' is an SQLite database of some other program. Give the mesh a file of its own.");
        }
    }
}
