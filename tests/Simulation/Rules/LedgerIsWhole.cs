using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Core.Snapshots;
using Mesh.Simulation.Nodes;

namespace Mesh.Simulation.Rules;

/// <summary>
/// Every ejection that anybody was told of is in the ledger in the end, with evidence that adds up, under a number of its own. Numbers have no gaps unless a
/// write failed: an entry that was meant for the row that failed gets the next number when it is tried again. What a silo took along that had to make way before
/// the ledger could take it is made good while the ejection lasts, of which the endpoint's row tells; when that is over by then, nobody is left who knows of it.
/// </summary>
public sealed class LedgerIsWhole : IRule
{
    /// <summary>The pen tries again and again; what it could not bring to the ledger for so long was forgotten, not taken along.</summary>
    private static readonly TimeSpan Unwritten = TimeSpan.FromSeconds(10);

    private readonly Dictionary<long, LedgerEntry> _entries = [];
    private readonly HashSet<(string, DateTimeOffset?)> _told = [];
    private readonly HashSet<(string, DateTimeOffset?)> _entered = [];
    private readonly Dictionary<(string, DateTimeOffset?), (DateTimeOffset At, long Failures)> _onDisk = [];
    private readonly HashSet<(string, DateTimeOffset?)> _takenAlong = [];
    private long _epoch;

    public string Name => "the ledger is whole";

    /// <summary>Ejections on evidence that were looked at.</summary>
    public int Ejections => _entries.Values.Count(entry => entry is { Kind: LedgerKind.Ejected, Evidence: not null });

    /// <summary>All entries by number.</summary>
    public IEnumerable<LedgerEntry> Entries => _entries.OrderBy(entry => entry.Key).Select(entry => entry.Value);

    public void Watch(World world)
    {
        world.Silo.Changed += snapshot =>
        {
            (string, DateTimeOffset?)[] ejected = [.. snapshot.Endpoints.Where(e => e.Status == HealthStatus.Ejected).Select(e => (e.Id, e.EjectedUntil))];
            var now = world.Simulator.Now;
            if (snapshot.Version.Epoch != _epoch)
            {
                _takenAlong.UnionWith(_onDisk
                    .Where(told => now - told.Value.At < Unwritten && told.Value.Failures < world.Storage.Failures)
                    .Select(told => told.Key).Except(_entered).Except(ejected));
                _epoch = snapshot.Version.Epoch;
            }

            _told.UnionWith(ejected);
            foreach (var told in ejected.Where(told => world.Storage.Rows.TryGetValue(told.Item1, out var row) && row.Ejection?.Until == told.Item2))
            {
                _onDisk.TryAdd(told, (now, world.Storage.Failures));
            }
        };
        world.Storage.Entered += Entered;
    }

    public void Healed(World world)
    {
        // One that waits for its checks to pass has lost its end, not begun anew: any entry of it will do.
        foreach (var (id, until) in _told.Except(_entered).Except(_takenAlong).Where(told => told.Item2 is not null || _entered.All(entered => entered.Item1 != told.Item1)))
        {
            throw new RuleBrokenException(Name, $"{id} was ejected until {until:HH:mm:ss.fff}, and the ledger does not know of it.");
        }

        var last = _entries.Count == 0 ? 0 : _entries.Keys.Max();
        if (world.Storage.Failures == 0 && last != _entries.Count)
        {
            throw new RuleBrokenException(Name, $"there are {_entries.Count} entries, and the last has number {last}.");
        }
    }

    private void Entered(LedgerWrite row)
    {
        foreach (var entry in row.Segment.Entries)
        {
            if (_entries.TryAdd(entry.Number, entry))
            {
                Check(entry);
            }
            else if (Subject(_entries[entry.Number]) != Subject(entry))
            {
                throw new RuleBrokenException(Name, $"number {entry.Number} was given twice: to {Subject(_entries[entry.Number])}, and to {Subject(entry)}.");
            }
        }
    }

    private void Check(LedgerEntry entry)
    {
        if (entry.Kind != LedgerKind.Ejected)
        {
            return;
        }

        _entered.Add((entry.EndpointId, entry.Until));
        if (entry.Evidence is { } evidence && Evidence.Flaw(evidence) is { } flaw)
        {
            throw new RuleBrokenException(Name, $"entry {entry.Number} says of {entry.EndpointId}: {entry.Reason}; but {flaw}.");
        }
    }

    private static (string, LedgerKind, DateTimeOffset) Subject(LedgerEntry entry) => (entry.EndpointId, entry.Kind, entry.At);
}
