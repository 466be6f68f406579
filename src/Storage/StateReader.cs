using Microsoft.Data.Sqlite;

namespace Mesh.Storage;

/// <summary>Reads on a connection of its own, so that a read never waits for a commit. One read at a time; each takes microseconds.</summary>
internal sealed class StateReader : IDisposable
{
    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _select;

    internal StateReader(string path, TimeSpan busyTimeout)
    {
        _path = path;
        _connection = StateFile.OpenForReading(path, busyTimeout);
        _select = _connection.CreateCommand();
        _select.CommandText = "SELECT etag, payload FROM grain_state WHERE grain = $grain AND state = $state";
        _select.Parameters.Add("$grain", SqliteType.Text).Value = "";
        _select.Parameters.Add("$state", SqliteType.Text).Value = "";
        _select.Prepare();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _select.Dispose();
            _connection.Dispose();
        }
    }

    internal (long Etag, byte[] Payload)? Read(string grain, string state)
    {
        lock (_gate)
        {
            try
            {
                _select.Parameters["$grain"].Value = grain;
                _select.Parameters["$state"].Value = state;
                using var row = _select.ExecuteReader();
                return row.Read() ? (row.GetInt64(0), row.GetFieldValue<byte[]>(1)) : null;
            }
            catch (SqliteException exception)
            {
                throw StorageException.From(_path, exception);
            }
        }
    }
}
