#if CLUSTER
using Mesh.Contracts;
using Mesh.Schema;
using Mesh.Silo.Stores;
using Orleans.Runtime;

namespace Mesh.Silo.Cluster;

/// <summary>Whether the database of the members answers.</summary>
internal sealed class PostgresHealth(SchemaDatabase database, IServiceProvider services, TimeProvider time, ILogger<PostgresHealth> logger)
    : BackgroundProbe("postgres", StoreRole.Membership, "What runs goes on; who starts waits, and nobody can be declared dead until it is back.", time, logger)
{
    protected override async Task<string?> Try(CancellationToken cancel) => (await database.Read(cancel)).Trouble?.What;

    protected override string Explain(Exception failure) => failure is SchemaException { IsAway: false } refused ? $"{refused.Message} {refused.Remedy}" : "It cannot be reached.";

    /// <summary>The runtime waits longer and longer between its own looks; now there is something to see.</summary>
    protected override async Task Recovered(CancellationToken cancel)
    {
        if (services.GetService<IClusterMembershipService>() is not { } members)
        {
            return;
        }

        try
        {
            await members.Refresh(cancellationToken: cancel);
        }
        catch (Exception) when (!cancel.IsCancellationRequested)
        {
            // It looks again by itself.
        }
    }
}
#endif
