using Microsoft.Data.Sqlite;
using Orleans.Runtime;

namespace Mesh.Storage;

/// <summary>The store cannot do its work. The message names the file and what to do about it.</summary>
public sealed class StorageException : OrleansException
{
    /// <summary>Makes one.</summary>
    public StorageException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one with its cause.</summary>
    public StorageException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Says in an operator's words what SQLite complains of.</summary>
    internal static StorageException From(string path, SqliteException exception) => new($"The store '{path}' {Explain(exception)}", exception);

    private static string Explain(SqliteException exception) => exception.SqliteErrorCode switch
    {
        Codes.Busy or Codes.Locked => "is locked by another program. Close what has it open, such as a sqlite3 shell, and try again.",
        Codes.ReadOnly or Codes.Permission => "cannot be written. Give this user write access to the file and to its folder.",
        Codes.CannotOpen => "cannot be opened. See that its folder exists, that it is not a folder itself, and that this user may read and write it.",
        Codes.Full => "cannot grow: the disk is full. Free some space; nothing that was acknowledged is lost.",
        Codes.Corrupt or Codes.NotADatabase =>
            "is damaged or is not a store of the mesh. Move it aside and put a backup in its place, or salvage it with 'sqlite3 FILE .recover'.",
        Codes.InputOutput => "cannot be read or written: the disk reports an error. See the system's log for the device.",
        var code => $"failed with SQLite's error {code} ({exception.Message}).",
    };

    private static class Codes
    {
        internal const int Permission = 3;
        internal const int Busy = 5;
        internal const int Locked = 6;
        internal const int ReadOnly = 8;
        internal const int InputOutput = 10;
        internal const int Corrupt = 11;
        internal const int Full = 13;
        internal const int CannotOpen = 14;
        internal const int NotADatabase = 26;
    }
}
