using System.Collections.Immutable;
using Mesh.Core.Ledger;
using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Nodes;

/// <summary>
/// Brings what was decided into the ledger: the real <see cref="LedgerBook"/>, in a modelled shell like the grains'. Entries follow the decision and do not
/// hold it up; what could not be written waits and is tried again, from what is on disk by then.
/// </summary>
public sealed class Pen(Simulator simulator, Storage storage, PlantedBug bug)
{
    private readonly List<LedgerEntry> _waiting = [];
    private LedgerBook _book = new();
    private long _life;
    private bool _writing;

    /// <summary>Begins from the disk, with what is found there of ejections whose entries may have been lost in a crash.</summary>
    public void Load(IEnumerable<LedgerEntry> found)
    {
        _life++;
        _writing = false;
        _waiting.Clear();
        Read();
        Enter([.. found]);
    }

    /// <summary>It is gone, with what it had not brought to the disk.</summary>
    public void Stop()
    {
        _life++;
        _waiting.Clear();
    }

    public void Enter(ImmutableArray<LedgerEntry> entries)
    {
        _waiting.AddRange(bug == PlantedBug.InflatesEvidence ? entries.Select(Inflated) : entries);
        Write();
    }

    private static LedgerEntry Inflated(LedgerEntry entry) =>
        entry.Evidence is { } evidence ? entry with { Evidence = evidence with { Count = evidence.Count * 2 } } : entry;

    private void Read()
    {
        _book = new LedgerBook();
        foreach (var row in storage.Ledger)
        {
            _book.Put(row);
        }
    }

    private void Write()
    {
        if (_writing || _waiting.Count == 0)
        {
            return;
        }

        _writing = true;
        var batch = _waiting.Count;
        Next(_life, batch, new Queue<LedgerWrite>(_book.Plan(_waiting).Rows));
    }

    private void Next(long life, int batch, Queue<LedgerWrite> rows)
    {
        if (!rows.TryDequeue(out var row))
        {
            _waiting.RemoveRange(0, batch);
            _writing = false;
            Write();
            return;
        }

        storage.WriteLater(new StorageChange { Ledger = row }, written =>
        {
            if (life != _life)
            {
                return;
            }

            if (written == Written.Yes)
            {
                _book.Put(row);
                Next(life, batch, rows);
            }
            else
            {
                simulator.After(TimeSpan.FromSeconds(1), () => Again(life));
            }
        });
    }

    private void Again(long life)
    {
        if (life == _life)
        {
            if (bug == PlantedBug.DropsEntries)
            {
                _waiting.Clear();
            }

            // Nobody knows what is on disk of the last attempt, so the disk is asked.
            Read();
            _writing = false;
            Write();
        }
    }
}
