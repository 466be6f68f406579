using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Simulation.Cluster.Stores;

namespace Mesh.Simulation.Cluster.Rules;

/// <summary>
/// A number in a service's ledger is given once, whoever writes: what was entered under it does not turn into something else. And in the end every ejection that a gateway told of is there,
/// unless a silo went before it was over: an entry follows the decision, and of one that its silo took along only the endpoint's row knows, as long as that ejection lasts.
/// </summary>
public sealed class LedgerHoldsAll : IClusterRule
{
    // What could not be entered at once is tried again when the service looks at its endpoints.
    private static readonly TimeSpan Lag = TimeSpan.FromSeconds(15);

    private readonly Dictionary<(string Service, long Number), LedgerEntry> _entries = [];
    private readonly Dictionary<(string Service, string Endpoint, DateTimeOffset Until), DateTimeOffset> _told = [];

    public string Name => "the ledger is whole";

    public long Entries => _entries.Count;

    public void Watch(ClusterWorld cluster)
    {
        cluster.Store.Written += row =>
        {
            if (row.After is LedgerSegment segment)
            {
                Written(cluster, row, segment);
            }
        };
        cluster.Shown += (_, service, _, after) =>
        {
            foreach (var endpoint in after?.Endpoints ?? [])
            {
                if (endpoint is { Status: HealthStatus.Ejected, EjectedUntil: { } until })
                {
                    _told.TryAdd((service.ToString(), endpoint.Id, until), cluster.Simulator.Now);
                }
            }
        };
    }

    public void Healed(ClusterWorld cluster)
    {
        var entered = _entries.Where(entry => entry.Value.Kind == LedgerKind.Ejected).Select(entry => (entry.Key.Service, entry.Value.EndpointId, entry.Value.Until)).ToHashSet();
        foreach (var ((service, id, until), since) in _told)
        {
            if (!entered.Contains((service, id, until)) && !cluster.Ends.Exists(end => end >= since - Lag && end <= until + Lag))
            {
                cluster.Break(Name, $"{id} of {service} was ejected until {until:HH:mm:ss.fff}, and the ledger does not know of it.");
            }
        }
    }

    private void Written(ClusterWorld cluster, RowWritten row, LedgerSegment segment)
    {
        foreach (var entry in segment.Entries)
        {
            if (!_entries.TryAdd((row.Key, entry.Number), entry) && Subject(_entries[(row.Key, entry.Number)]) is var known && known != Subject(entry))
            {
                cluster.Break(Name, $"number {entry.Number} of {row.Key} was given to {known}, and {row.By} gives it to {Subject(entry)}.");
            }
        }
    }

    private static (string, LedgerKind, DateTimeOffset) Subject(LedgerEntry entry) => (entry.EndpointId, entry.Kind, entry.At);
}
