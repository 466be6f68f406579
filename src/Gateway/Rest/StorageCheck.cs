using Mesh.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Mesh.Gateway.Rest;

/// <summary>
/// The storage takes a write. A full disk or a read-only one is found out by writing only, so a record of its own is written over and over.
/// </summary>
internal sealed class StorageCheck(IServiceProvider services, TimeProvider time) : IReadinessCheck
{
    private static readonly GrainId Record = GrainId.Create("readiness", $"probe-{Environment.MachineName.ToLowerInvariant()}-{Environment.ProcessId}");

    public string Name => "storage";

    public async Task<string?> Check(CancellationToken cancellationToken)
    {
        if (services.GetKeyedService<IGrainStorage>(MeshLimits.StorageName) is not { } storage)
        {
            return "There is no storage.";
        }

        var state = new GrainState<StorageProbe>(new StorageProbe());
        await storage.ReadStateAsync("probe", Record, state);
        state.State = new StorageProbe { At = time.GetUtcNow() };
        await storage.WriteStateAsync("probe", Record, state);
        return null;
    }
}

/// <summary>What the check of the storage writes.</summary>
public sealed class StorageProbe
{
    /// <summary>When it was written.</summary>
    public DateTimeOffset At { get; set; }
}
