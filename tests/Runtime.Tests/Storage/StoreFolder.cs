using Mesh.Storage;

namespace Mesh.Runtime.Tests.Storage;

/// <summary>A folder for one test's store.</summary>
public sealed class StoreFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mesh-store-");

    public string Database => Path.Combine(_folder.FullName, "mesh.db");

    public string Folder => _folder.FullName;

    public async Task<SqliteGrainStorage> Open(Action<SqliteGrainStorageOptions>? configure = null)
    {
        var options = new SqliteGrainStorageOptions { Path = Database };
        configure?.Invoke(options);
        var storage = new SqliteGrainStorage("mesh", options);
        await storage.OpenAsync(CancellationToken.None);
        return storage;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
