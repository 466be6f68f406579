using System.Globalization;
using Microsoft.Data.Sqlite;
using Orleans.Storage;

namespace Mesh.Storage;

/// <summary>Applies batches of writes, each batch in one transaction. Used by one thread.</summary>
internal sealed class StateWriter : IDisposable
{
    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _update;
    private readonly SqliteCommand _delete;
    private readonly SqliteCommand _etag;
    private long _lastEtag;

    internal StateWriter(string path, TimeSpan busyTimeout)
    {
        _path = path;
        _connection = StateFile.OpenForWriting(path, busyTimeout);
        _insert = Prepare("INSERT INTO grain_state (grain, state, etag, payload) VALUES ($grain, $state, $etag, $payload) ON CONFLICT DO NOTHING");
        _update = Prepare("UPDATE grain_state SET etag = $etag, payload = $payload WHERE grain = $grain AND state = $state AND etag = $expected");
        _delete = Prepare("DELETE FROM grain_state WHERE grain = $grain AND state = $state AND etag = $expected");
        _etag = Prepare("SELECT etag FROM grain_state WHERE grain = $grain AND state = $state");

        // One counter for all records, so that a record removed and made again never has an ETag that it had before.
        _lastEtag = StateFile.Scalar(_connection, "SELECT coalesce(max(etag), 0) FROM grain_state");
    }

    public void Dispose()
    {
        foreach (var command in new[] { _insert, _update, _delete, _etag })
        {
            command.Dispose();
        }

        _connection.Dispose();
    }

    /// <summary>Writes all or, when the disk fails, none, and says which; a write whose ETag is stale fails alone.</summary>
    internal bool Commit(IReadOnlyList<Write> batch)
    {
        var outcomes = new (long? Etag, Exception? Error)[batch.Count];
        try
        {
            InTransaction(() =>
            {
                for (var i = 0; i < batch.Count; i++)
                {
                    outcomes[i] = Apply(batch[i]);
                }
            });
        }
        catch (SqliteException exception)
        {
            foreach (var write in batch)
            {
                write.Done.TrySetException(StorageException.From(_path, exception));
            }

            return false;
        }

        for (var i = 0; i < batch.Count; i++)
        {
            _ = outcomes[i].Error is { } error ? batch[i].Done.TrySetException(error) : batch[i].Done.TrySetResult(outcomes[i].Etag);
        }

        return true;
    }

    /// <summary>
    /// In SQL and not as a <see cref="SqliteTransaction"/>: on some errors, a full disk among them, SQLite rolls back by itself, and such
    /// an object, which then fails to roll back once more, would keep the connection from ever beginning another.
    /// </summary>
    private void InTransaction(Action work)
    {
        StateFile.Execute(_connection, "BEGIN IMMEDIATE");
        try
        {
            work();
            StateFile.Execute(_connection, "COMMIT");
        }
        catch
        {
            RollBack();
            throw;
        }
    }

    private void RollBack()
    {
        try
        {
            StateFile.Execute(_connection, "ROLLBACK");
        }
        catch (SqliteException)
        {
            // It has happened already; what made it necessary is what the callers are told.
        }
    }

    private (long? Etag, Exception? Error) Apply(Write write)
    {
        long? etag = write.Payload is null ? null : ++_lastEtag;
        var command = write.Payload is null ? _delete : write.ExpectedEtag is null ? _insert : _update;
        if (Run(command, write, etag).ExecuteNonQuery() == 1)
        {
            return (etag, null);
        }

        var held = (long?)Run(_etag, write, null).ExecuteScalar();
        return held is null && write.Payload is null && write.ExpectedEtag is null
            ? (null, null)
            : (null, new InconsistentStateException(
                $"The record '{write.State}' of {write.Grain} in '{_path}' is not the one that was read.", Text(held), Text(write.ExpectedEtag)));
    }

    private static string? Text(long? etag) => etag?.ToString(CultureInfo.InvariantCulture);

    private static SqliteCommand Run(SqliteCommand command, Write write, long? etag)
    {
        command.Parameters["$grain"].Value = write.Grain;
        command.Parameters["$state"].Value = write.State;
        Set("$etag", etag);
        Set("$expected", write.ExpectedEtag);
        Set("$payload", write.Payload);
        return command;

        void Set(string name, object? value)
        {
            if (command.Parameters.Contains(name))
            {
                command.Parameters[name].Value = value ?? DBNull.Value;
            }
        }
    }

    private SqliteCommand Prepare(string sql)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, type) in new[]
        {
            ("$grain", SqliteType.Text), ("$state", SqliteType.Text), ("$etag", SqliteType.Integer), ("$expected", SqliteType.Integer), ("$payload", SqliteType.Blob),
        })
        {
            if (sql.Contains(name, StringComparison.Ordinal))
            {
                command.Parameters.Add(name, type).Value = DBNull.Value;
            }
        }

        command.Prepare();
        return command;
    }
}
