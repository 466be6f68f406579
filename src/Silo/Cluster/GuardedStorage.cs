#if CLUSTER
using Mesh.Contracts;
using Mesh.Silo.Stores;
using Orleans;
using Orleans.Persistence.Redis;
using Orleans.Runtime;
using Orleans.Storage;

namespace Mesh.Silo.Cluster;

/// <summary>
/// Redis, with a fuse: while the background probe finds it away, nobody waits for it. What it refuses is said in words that may cross to a client; a row that is not the
/// one that was read stays what it is.
/// </summary>
internal sealed class GuardedStorage(IGrainStorage inner, BackgroundProbe health) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Guard(() => inner.ReadStateAsync(stateName, grainId, grainState));

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Guard(() => inner.WriteStateAsync(stateName, grainId, grainState));

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Guard(() => inner.ClearStateAsync(stateName, grainId, grainState));

    private async Task Guard(Func<Task> act)
    {
        if (health.Current is { Healthy: false } away)
        {
            throw new StoreAwayException($"The store of the grains' states has been away since {away.Since:u}.");
        }

        try
        {
            await act();
        }
        catch (RedisStorageException failure) when (IsOfTheServer(failure))
        {
            // The provider keeps nothing of the cause but its text, which names hosts.
            health.Suspect();
            throw new StoreAwayException("The store of the grains' states did not take a request.");
        }
    }

    // A row that cannot be read, for example, is no fault of the server's.
    private static bool IsOfTheServer(RedisStorageException failure) =>
        failure.Message.Contains("StackExchange.Redis.", StringComparison.Ordinal) || failure.Message.Contains("TimeoutException", StringComparison.Ordinal);
}
#endif
