using Mesh.Contracts;
using Mesh.Storage;
using Orleans.Storage;

namespace Mesh.Silo.Stores;

/// <summary>The store of the Embedded edition: well unless the last write failed.</summary>
internal sealed class SqliteHealth(IServiceProvider services, TimeProvider time) : IStoreHealth
{
    private readonly DateTimeOffset _started = time.GetUtcNow();

    public StoreReport Current
    {
        get
        {
            var finding = (services.GetKeyedService<IGrainStorage>(MeshLimits.StorageName) as SqliteGrainStorage)?.Finding;
            return new()
            {
                Name = "sqlite",
                Role = StoreRole.State,
                Healthy = finding?.Failure is null,
                Since = finding?.Since ?? _started,
                Detail = finding?.Failure,
            };
        }
    }
}
