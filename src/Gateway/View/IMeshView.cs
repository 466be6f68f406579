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

    /// <summary>Whether everything that exists has been read once since the start.</summary>
    bool Ready { get; }

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
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Completes when the view knows all that exists. Until then nothing may be said of what there is not: to a client, what is missing
    /// from an answer is gone.
    /// </summary>
    public static async Task UntilReady(this IMeshView view, TimeProvider time, CancellationToken cancellationToken)
    {
        while (!view.Ready)
        {
            await Task.Delay(Poll, time, cancellationToken);
        }
    }
}

/// <summary>A service's step from one snapshot to the next. Before is null when it is new, After when it is gone.</summary>
public sealed record SnapshotChange(ServiceId Service, ServiceSnapshot? Before, ServiceSnapshot? After, string? TraceParent);
