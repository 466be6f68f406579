using System.Text.Json;
using Orleans.Storage;

namespace Mesh.Storage;

/// <summary>Where grain states are kept and how much may wait.</summary>
public sealed class SqliteGrainStorageOptions
{
    /// <summary>The file; its folder is made when it is missing. Beside it lie SQLite's -wal and -shm, and a .lock of ours.</summary>
    public string Path { get; set; } = "mesh.db";

    /// <summary>How many writes may wait for the disk, at least 1. One more is refused at once: its grain's call fails, and nothing is lost silently.</summary>
    public int MaxWaitingWrites { get; set; } = 20_000;

    /// <summary>How many writes share one commit at most, at least 1.</summary>
    public int MaxWritesPerCommit { get; set; } = 512;

    /// <summary>How long to wait for another program's lock on the file, in whole seconds, at least 1 s.</summary>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How states become JSON, unless <see cref="Serializer"/> is set.</summary>
    public JsonSerializerOptions Json { get; set; } = JsonSerializerOptions.Default;

    /// <summary>Tells since when the disk fails or works again.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    /// <summary>How states become bytes; null for JSON.</summary>
    public IGrainStorageSerializer? Serializer { get; set; }
}
