using System.Collections.Immutable;
using Mesh.Core;
using Mesh.Core.Snapshots;

namespace Mesh.Gateway.View;

/// <summary>
/// What this gateway knows of the mesh: the newest snapshot of every service. Readers take no lock; one writer follows the grains.
/// Streams, REST lists, events and metrics are all made of it.
/// </summary>
public interface IMeshView
{
    /// <summary>All services, by id.</summary>
    ImmutableSortedDictionary<ServiceId, ServiceSnapshot> Services { get; }

    /// <summary>
    /// Whether it is the mesh as it is: everything that exists has been read, and the silos are heard of. While it is not, nothing may be said of what there is not.
    /// </summary>
    bool Ready { get; }

    /// <summary>Whether everything that exists has been read once since the start, however long ago.</summary>
    bool Complete => Ready;

    /// <summary>How long ago at least half of the silos were last heard of.</summary>
    TimeSpan NewsAge => TimeSpan.Zero;

    /// <summary>One service's snapshot; null when it does not exist or is not known yet.</summary>
    ServiceSnapshot? Find(ServiceId service);

    /// <summary>
    /// Calls back, in order, for each change from now on. The callback runs on the writer: it must be quick and must not block or throw.
    /// </summary>
    IDisposable Subscribe(Action<SnapshotChange> onChange);

    /// <summary>Pulls one service from its grain now, as after a write through this gateway, so that the writer can read its own write.</summary>
    Task Refresh(ServiceId service, CancellationToken cancellationToken);
}

/// <summary>What can be done with any view.</summary>
internal static class MeshViews
{
    /// <summary>What a client is told whom <see cref="UntilReady"/> did not let in.</summary>
    public const string OutOfTouch = "This gateway is out of touch with the silos and may be behind. Ask another one, or come back.";

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Completes when the view is ready. Until then nothing may be said of what there is not: to a client, what is missing from an answer is gone.
    /// </summary>
    /// <returns>
    /// False when it had been ready and is out of touch with the silos, and stays so for two seconds: then the client does better to ask another gateway, which may
    /// have newer things to say than this one. At the start, when nobody has more to say, it waits.
    /// </returns>
    public static async Task<bool> UntilReady(this IMeshView view, TimeProvider time, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (!view.Ready)
        {
            if (view.Complete && time.GetElapsedTime(began) > Patience)
            {
                return false;
            }

            await Task.Delay(Poll, time, cancellationToken);
        }

        return true;
    }
}

/// <summary>A service's step from one snapshot to the next. Before is null when it is new, After when it is gone.</summary>
public sealed record SnapshotChange(ServiceId Service, ServiceSnapshot? Before, ServiceSnapshot? After, string? TraceParent);
