using System.Collections.Frozen;
using Mesh.Core.Snapshots;
using Mesh.Xds.Translation;

namespace Mesh.Xds.LoadReports;

/// <summary>Leads an address and port back to the endpoint of one service that a client was shown under it.</summary>
public sealed class EndpointIndex
{
    private readonly FrozenDictionary<(string Address, int Port), string> _ids;

    private EndpointIndex(FrozenDictionary<(string, int), string> ids) => _ids = ids;

    /// <summary>No endpoints.</summary>
    public static EndpointIndex Empty { get; } = new(FrozenDictionary<(string, int), string>.Empty);

    /// <summary>
    /// The index of a snapshot. Endpoints that are no longer shown are in it too, where nothing shown has their address: requests that were
    /// under way when they left are still reported.
    /// </summary>
    public static EndpointIndex Of(ServiceSnapshot snapshot)
    {
        var ids = new Dictionary<(string, int), string>(snapshot.Endpoints.Length);
        foreach (var shown in ServedEndpoints.Of(snapshot))
        {
            ids[(shown.Address, shown.Port)] = shown.Id;
        }

        foreach (var endpoint in snapshot.Endpoints)
        {
            ids.TryAdd((ServedEndpoints.CanonicalAddress(endpoint.Address), endpoint.Port), endpoint.Id);
        }

        return new EndpointIndex(ids.ToFrozenDictionary());
    }

    /// <summary>The endpoint's id; null when the service has none there.</summary>
    public string? Find(string address, int port) =>
        _ids.GetValueOrDefault((address, port)) ?? _ids.GetValueOrDefault((ServedEndpoints.CanonicalAddress(address), port));
}
