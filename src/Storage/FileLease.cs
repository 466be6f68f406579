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

    /// <summary>Takes the lease, or says that someone has it.</summary>
    internal static FileLease Take(string path)
    {
        var file = path + ".lock";
        try
        {
            return new(new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new StorageException($"The store '{path}' cannot be locked: '{file}' cannot be written. Give this user write access to it and to its folder.", exception);
        }
        catch (IOException exception)
        {
            throw new StorageException(
                $"The store '{path}' is in use by another process ('fuser {file}' says which). Stop that one first, or give this one a file of its own.", exception);
        }
    }
}
