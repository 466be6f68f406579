using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Core.Policies;
using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Nodes;

/// <summary>How a write ended, as far as the writer can tell.</summary>
public enum Written
{
    /// <summary>It is on disk.</summary>
    Yes,

    /// <summary>An error came back; it may be on disk or not.</summary>
    InDoubt,
}

/// <summary>The disk under one service: what it says was written is there after any crash.</summary>
public sealed class Storage(Simulator simulator, Dice dice, PlantedBug bug)
{
    private readonly SortedDictionary<string, EndpointState> _rows = new(StringComparer.Ordinal);
    private readonly Dictionary<(LedgerRing, int), LedgerWrite> _ledger = [];

    private long _writes;

    /// <summary>Endpoints as last written.</summary>
    public IReadOnlyDictionary<string, EndpointState> Rows => _rows;

    /// <summary>The ledger's rows.</summary>
    public IEnumerable<LedgerWrite> Ledger => _ledger.Values;

    /// <summary>Writes that failed.</summary>
    public long Failures { get; private set; }

    /// <summary>A row of the ledger was written, whatever the writer was told.</summary>
    public event Action<LedgerWrite>? Entered;

    public long Epoch { get; private set; }

    public TrafficPolicy Policy { get; private set; } = TrafficPolicy.Default;

    /// <summary>The chance that a write fails, and half of those that fail have happened.</summary>
    public double FailureRate { get; set; }

    /// <summary>Nothing can be read or written.</summary>
    public bool Away { get; set; }

    public TimeSpan Latency { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Writes at once; says how that looks to the writer.</summary>
    public Written Write(StorageChange change)
    {
        if (Away)
        {
            Failures++;
            return Written.InDoubt;
        }

        var fails = dice.Chance(FailureRate);
        if (!fails || dice.Chance(0.5))
        {
            Apply(change);
        }

        Failures += fails ? 1 : 0;
        return fails ? Written.InDoubt : Written.Yes;
    }

    /// <summary>How long one write takes.</summary>
    public TimeSpan Wait() => Latency * (0.5 + dice.NextDouble());

    /// <summary>The same at a time of the writer's choice.</summary>
    public void WriteLater(StorageChange change, Action<Written> done) => simulator.After(Wait(), () => done(Write(change)));

    private void Apply(StorageChange change)
    {
        foreach (var (id, state) in change.Rows)
        {
            if (state is null)
            {
                _rows.Remove(id);
            }
            else if (bug != PlantedBug.LosesRows || ++_writes % 10 != 0)
            {
                _rows[id] = state;
            }
        }

        Epoch = change.Epoch ?? Epoch;
        Policy = change.Policy ?? Policy;
        if (change.Ledger is { } row)
        {
            _ledger[(row.Ring, row.Slot)] = row;
            Entered?.Invoke(row);
        }
    }
}

/// <summary>What one write changes.</summary>
public sealed record StorageChange
{
    /// <summary>Endpoints; null for one that is gone.</summary>
    public IReadOnlyDictionary<string, EndpointState?> Rows { get; init; } = new Dictionary<string, EndpointState?>();

    public long? Epoch { get; init; }

    public TrafficPolicy? Policy { get; init; }

    public LedgerWrite? Ledger { get; init; }
}
