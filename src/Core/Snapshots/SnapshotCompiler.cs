using System.Collections.Immutable;
using Mesh.Core.Policies;
using Mesh.Core.Routing;

namespace Mesh.Core.Snapshots;

/// <summary>
/// Makes the next version of a service's snapshot, or says that none is needed.
/// <para>
/// A version costs a hint to every gateway and a push to every proxy that wants the service, so one is made only when something that somebody
/// can see has changed. Rejected: a version for every event, with the filtering left to those downstream; each of them would then have to
/// know what matters, and a mesh at rest would never be silent.
/// </para>
/// </summary>
public static class SnapshotCompiler
{
    /// <summary>Compiles what there is into a snapshot.</summary>
    /// <param name="service">Whose.</param>
    /// <param name="endpoints">All endpoints in any order; of two with one id the later holds.</param>
    /// <param name="policy">The policy in force.</param>
    /// <param name="previous">The current snapshot; null when there is none.</param>
    /// <param name="epoch">The epoch of this activation of the service.</param>
    /// <param name="now">The time.</param>
    /// <param name="cause">W3C traceparent of the cause; null when none.</param>
    /// <param name="routing">Where requests for its host names go; null for the service itself.</param>
    /// <returns>
    /// The previous snapshot itself when nothing visible changed; otherwise one that is newer than it. A greater epoch is always a new
    /// version; a smaller one, which cannot be unless the caller has lost its disk, continues the previous epoch so that versions stay monotone.
    /// </returns>
    public static ServiceSnapshot Compile(
        ServiceId service,
        IEnumerable<EndpointSnapshot> endpoints,
        TrafficPolicy policy,
        ServiceSnapshot? previous,
        long epoch,
        DateTimeOffset now,
        string? cause,
        ServiceRouting? routing = null)
    {
        var ordered = Order(endpoints);
        if (previous is not null && epoch <= previous.Version.Epoch && policy == previous.Policy && routing == previous.Routing
            && SnapshotEquality.Same(ordered, previous.Endpoints))
        {
            return previous;
        }

        return new ServiceSnapshot
        {
            Service = service,
            Version = Next(previous?.Version, epoch),
            Endpoints = ordered,
            Policy = policy,
            Routing = routing,
            At = now,
            Cause = cause,
        };
    }

    private static SnapshotVersion Next(SnapshotVersion? previous, long epoch) =>
        previous is { } version && version.Epoch >= epoch ? version with { Number = version.Number + 1 } : new(epoch, 1);

    private static ImmutableArray<EndpointSnapshot> Order(IEnumerable<EndpointSnapshot> endpoints)
    {
        // Who keeps them in order, as a service of many thousands does, does not pay for it again at each change.
        var given = endpoints.ToImmutableArray();
        return IsOrdered(given) ? given : [.. ById(given).Values];
    }

    private static bool IsOrdered(ImmutableArray<EndpointSnapshot> endpoints)
    {
        for (var i = 1; i < endpoints.Length; i++)
        {
            if (string.CompareOrdinal(endpoints[i - 1].Id, endpoints[i].Id) >= 0)
            {
                return false;
            }
        }

        return true;
    }

    private static SortedDictionary<string, EndpointSnapshot> ById(ImmutableArray<EndpointSnapshot> endpoints)
    {
        var byId = new SortedDictionary<string, EndpointSnapshot>(StringComparer.Ordinal);
        foreach (var endpoint in endpoints)
        {
            byId[endpoint.Id] = endpoint;
        }

        return byId;
    }
}
