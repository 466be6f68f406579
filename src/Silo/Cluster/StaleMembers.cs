#if CLUSTER
using Orleans;
using Orleans.Runtime;

namespace Mesh.Silo.Cluster;

/// <summary>
/// Declares dead who has given no sign of life in the table for long and can be connected to by nobody who asks. Probes find out sooner, but not always: of silos that
/// die at once each is asked about the other; and after a crash of all, those who start anew, at other addresses, wait for those in the table to answer before they
/// join, and nobody else is there to declare them dead.
/// </summary>
/// <remarks>Rejected: to let who starts ignore members that do not answer, which would let one that is cut off join beside the others.</remarks>
internal sealed class StaleMembers(IMembershipTable table, IClusterMembershipService members, ILocalSiloDetails me, TimeProvider time, ILogger<StaleMembers> logger)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    private readonly CancellationTokenSource _stopping = new();
    private Task _loop = Task.CompletedTask;

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(StaleMembers),
        ServiceLifecycleStage.AfterRuntimeGrainServices,
        _ =>
        {
            _loop = Run();
            return Task.CompletedTask;
        },
        async _ =>
        {
            await _stopping.CancelAsync();
            await _loop;
        });

    public void Dispose() => _stopping.Dispose();

    private async Task Run()
    {
        await Task.Yield();
        var before = new HashSet<SiloAddress>();
        try
        {
            while (true)
            {
                before = await Look(before);
                await Task.Delay(Period, time, _stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // This silo leaves.
        }
    }

    // Twice in a row, so that nobody is declared dead while the table comes back after having been away for all.
    private async Task<HashSet<SiloAddress>> Look(HashSet<SiloAddress> before)
    {
        try
        {
            var now = time.GetUtcNow().UtcDateTime;
            var silent = (await table.ReadAll()).Members.Select(static member => member.Item1)
                .Where(entry => entry.Status is SiloStatus.Joining or SiloStatus.Active or SiloStatus.ShuttingDown or SiloStatus.Stopping
                    && !entry.SiloAddress.Equals(me.SiloAddress)
                    && now - (entry.IAmAliveTime > entry.StartTime ? entry.IAmAliveTime : entry.StartTime) > Silence)
                .ToArray();
            foreach (var entry in silent.Where(entry => before.Contains(entry.SiloAddress)))
            {
                if (!await Reach.Any([entry.SiloAddress.Endpoint], _stopping.Token))
                {
                    logger.LogWarning("Silo {Name} ({Address}) has given no sign of life since {Since:u} and cannot be reached; it is declared dead", entry.SiloName, entry.SiloAddress.Endpoint, entry.IAmAliveTime);
                    await members.TryKill(entry.SiloAddress);
                }
            }

            return [.. silent.Select(static entry => entry.SiloAddress)];
        }
        catch (Exception failure) when (!_stopping.IsCancellationRequested)
        {
            logger.LogDebug(failure, "The table of members cannot be read");
            return [];
        }
    }
}
#endif
