using System.Globalization;

namespace Mesh.Storage;

/// <summary>
/// Holds a store for one process. Two control planes on one file would both be the only writer of every fact; SQLite's own locks would
/// let them. The operating system lets go of it when the process ends, however it ends.
/// </summary>
internal sealed class FileLease : IDisposable
{
    private readonly FileStream _held;

    private FileLease(FileStream held) => _held = held;

    public void Dispose() => _held.Dispose();

    /// <summary>Takes the lease, or says who has it.</summary>
    internal static FileLease Take(string path)
    {
        var file = path + ".lock";
        try
        {
            var held = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            held.SetLength(0);
            held.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            held.Flush();
            return new(held);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new StorageException($"The store '{path}' cannot be locked: '{file}' cannot be written. Give this user write access to it and to its folder.", exception);
        }
        catch (IOException exception)
        {
            throw new StorageException($"The store '{path}' is in use by {Holder(file)}. Stop that one first, or give this one a file of its own.", exception);
        }
    }

    private static string Holder(string file)
    {
        try
        {
            using var look = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(look);
            return reader.ReadToEnd() is { Length: > 0 } id ? $"process {id}" : "another process";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "another process";
        }
    }
}
