using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Simulation.Cluster.Stores;

namespace Mesh.Simulation.Cluster.Rules;

/// <summary>
/// A number in a service's ledger is given once, whoever writes: what was entered under it does not turn into something else. And in the end every ejection that a gateway told of is there.
/// </summary>
public sealed class LedgerHoldsAll : IClusterRule
{
    private readonly Dictionary<(string Service, long Number), LedgerEntry> _entries = [];
    private readonly Dictionary<string, HashSet<(string, DateTimeOffset?)>> _told = new(StringComparer.Ordinal);

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
                if (endpoint is { Status: HealthStatus.Ejected, EjectedUntil: not null })
                {
                    (_told.TryGetValue(service.ToString(), out var told) ? told : _told[service.ToString()] = []).Add((endpoint.Id, endpoint.EjectedUntil));
                }
            }
        };
    }

    public void Healed(ClusterWorld cluster)
    {
        foreach (var (service, told) in _told)
        {
            var entered = _entries.Where(entry => entry.Key.Service == service && entry.Value.Kind == LedgerKind.Ejected).Select(entry => (entry.Value.EndpointId, entry.Value.Until));
            foreach (var (id, until) in told.Except(entered))
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
