using System.Collections.Immutable;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Core.Verdicts;
using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Nodes;

/// <summary>
/// The silo that serves the service: the real <see cref="ServiceModel"/> in a modelled shell. The shell's promises are the grains': what changes is on disk
/// before anybody is told; a write that failed leaves nobody knowing, so the activation makes way and the next one starts from the disk, with a
/// greater epoch; a crash loses whatever was not written.
/// </summary>
public sealed class Silo
{
    public const string Name = "silo";

    private readonly Simulator _simulator;
    private readonly Dice _dice;
    private readonly Storage _storage;
    private readonly ServiceId _service;
    private readonly Journal _journal;
    private readonly Pen _pen;
    private readonly PlantedBug _bug;
    private readonly Checker _checker;
    private readonly Queue<Pending> _pending = new();
    private Dictionary<string, EndpointState> _written = new(StringComparer.Ordinal);
    private ServiceModel? _model;
    private ServiceSnapshot? _seen;
    private TrafficPolicy? _writtenPolicy;
    private long _life;
    private long _wake;
    private DateTimeOffset? _wakeAt;
    private bool _down = true;

    public Silo(Simulator simulator, Dice dice, Storage storage, ServiceId service, Journal journal, PlantedBug bug)
    {
        (_simulator, _dice, _storage, _service, _journal, _bug) = (simulator, dice, storage, service, journal, bug);
        Clock = new NodeClock(simulator);
        _pen = new Pen(simulator, storage, bug);
        _checker = new Checker(simulator, this, dice.For("checks"));
    }

    /// <summary>What is waiting for the disk, with who is to be told.</summary>
    private sealed record Pending(StorageChange Change, ImmutableArray<LedgerEntry> Entries, ServiceSnapshot Snapshot, Action<bool> Done);

    public NodeClock Clock { get; }

    /// <summary>What everybody may be told: all of it is on disk. Null while nobody serves the service.</summary>
    public ServiceSnapshot? Published { get; private set; }

    /// <summary>The service itself, for rules that look inside; null while nobody serves it.</summary>
    public ServiceModel? Model => _model;

    /// <summary>How a backend answers a check; set by whoever knows the backends.</summary>
    public Func<EndpointSpec, bool>? Answers { get; set; }

    /// <summary>Somebody may be told of a new version.</summary>
    public event Action<ServiceSnapshot>? Changed;

    /// <summary>A step was taken: the service before (as a snapshot; null after a start) and after it, and what it entered into the ledger.</summary>
    public event Action<ServiceSnapshot?, ServiceSnapshot, IReadOnlyList<LedgerEntry>>? Stepped;

    /// <summary>Starts it, or an activation after one that made way.</summary>
    public void Start()
    {
        if (_model is not null)
        {
            return;
        }

        _down = false;
        var life = ++_life;
        if (_storage.Away)
        {
            _simulator.After(TimeSpan.FromSeconds(1), () => Again(life));
            return;
        }

        var epoch = _bug == PlantedBug.ForgetsEpochs ? 1 : _storage.Epoch + 1;
        _storage.WriteLater(new StorageChange { Epoch = epoch }, written =>
        {
            if (written == Written.Yes && life == _life)
            {
                Load(epoch);
            }
            else
            {
                Again(life);
            }
        });
    }

    /// <summary>It is gone, and what it had in memory with it.</summary>
    public void Stop()
    {
        _down = true;
        MakeWay();
    }

    /// <summary>Does something to the service; says whether it is on disk, when it is. False at once when nobody serves it.</summary>
    public void Do(Action<ServiceModel, DateTimeOffset> act, Action<bool> done)
    {
        if (_model is null)
        {
            done(false);
            return;
        }

        act(_model, Clock.GetUtcNow());
        Commit(done);
    }

    /// <summary>Judges a report.</summary>
    public void Report(ServiceReport report, Action<bool> done) =>
        Do((model, now) => Judge(model, report, now), done);

    private void Judge(ServiceModel model, ServiceReport report, DateTimeOffset now)
    {
        foreach (var verdict in model.Report(report, now, _dice.NextDouble).Where(verdict => !verdict.Allowed && _bug == PlantedBug.IgnoresBudget))
        {
            model.Apply(verdict.Proposal.EndpointId, EjectionAllowed.For(verdict.Proposal.Evidence), now, _dice.NextDouble);
        }
    }

    /// <summary>The entry of an ejection that is found on disk; the book knows it if it is not new.</summary>
    private static LedgerEntry Entry(EndpointState row) => new()
    {
        At = row.Ejection!.At,
        EndpointId = row.Id,
        Kind = LedgerKind.Ejected,
        Reason = row.Ejection.Reason,
        Evidence = row.Ejection.Evidence,
        Policy = row.Ejection.PolicySource,
        Until = row.Ejection.Until,
    };

    private void Again(long life) => _simulator.After(TimeSpan.FromSeconds(0.5), () =>
    {
        if (life == _life && !_down)
        {
            Start();
        }
    });

    private void Load(long epoch)
    {
        _journal.Note($"silo: serves from epoch {epoch}, {_storage.Rows.Count} endpoints on disk");
        _model = new ServiceModel(_service, epoch);
        var now = Clock.GetUtcNow();
        _model.Bind(_storage.Policy, now);
        foreach (var row in _storage.Rows.Values)
        {
            _model.Recover(row, now);
        }

        _written = new(_storage.Rows, StringComparer.Ordinal);
        _writtenPolicy = _storage.Policy;
        _pen.Load(_storage.Rows.Values.Where(row => row.Ejection is not null).Select(Entry));
        _seen = null;
        Commit(static _ => { });
    }

    /// <summary>Nobody serves the service any more; who waits is told that nobody knows.</summary>
    private void MakeWay()
    {
        _life++;
        _model = null;
        _wakeAt = null;
        Published = null;
        _pen.Stop();
        while (_pending.TryDequeue(out var waiting))
        {
            waiting.Done(false);
        }
    }

    private void Commit(Action<bool> done)
    {
        var model = _model!;
        var entries = model.TakeLedger().ToImmutableArray();
        var (before, after) = (_seen, model.Snapshot);
        _seen = after;
        if (!ReferenceEquals(before, after) || entries.Length > 0)
        {
            Stepped?.Invoke(before, after, entries);
        }

        if (_bug == PlantedBug.TellsBeforeWriting && (Published is null || after.Version > Published.Version))
        {
            Published = after;
            Changed?.Invoke(after);
        }

        _pending.Enqueue(new Pending(Difference(), entries, after, done));
        if (_pending.Count == 1)
        {
            Next();
        }

        Wake();
    }

    private StorageChange Difference()
    {
        var rows = new Dictionary<string, EndpointState?>(StringComparer.Ordinal);
        foreach (var state in _model!.Endpoints)
        {
            var durable = EndpointMachine.Durable(state);
            if (!_written.TryGetValue(state.Id, out var known) || known != durable)
            {
                rows[state.Id] = _written[state.Id] = durable;
            }
        }

        foreach (var gone in _written.Keys.Where(id => _model.Find(id) is null).ToList())
        {
            rows[gone] = null;
            _written.Remove(gone);
        }

        var policy = ReferenceEquals(_model.Policy, _writtenPolicy) ? null : _writtenPolicy = _model.Policy;
        return new StorageChange { Rows = rows, Policy = policy };
    }

    /// <summary>Writes what waits, one after the other, and what needs no write passes in its turn.</summary>
    private void Next()
    {
        while (_pending.TryPeek(out var pending))
        {
            if (pending.Change is not { Rows.Count: 0, Policy: null })
            {
                var life = _life;
                _storage.WriteLater(pending.Change, written => Ended(life, written));
                return;
            }

            Tell(_pending.Dequeue());
        }
    }

    private void Ended(long life, Written written)
    {
        if (life != _life)
        {
            return;
        }

        if (written == Written.Yes)
        {
            Tell(_pending.Dequeue());
            Next();
        }
        else
        {
            _journal.Note("silo: a write failed, and the activation makes way");
            MakeWay();
            Start();
        }
    }

    private void Tell(Pending pending)
    {
        if (Published is null || pending.Snapshot.Version > Published.Version)
        {
            Published = pending.Snapshot;
            Changed?.Invoke(pending.Snapshot);
        }

        if (!pending.Entries.IsEmpty)
        {
            _pen.Enter(pending.Entries);
        }

        pending.Done(true);
    }

    private void Wake()
    {
        if (_model?.NextWake is not { } when || when == _wakeAt || _bug == PlantedBug.Oversleeps)
        {
            return;
        }

        _wakeAt = when;
        var wake = ++_wake;
        var wait = when - Clock.GetUtcNow();
        _simulator.After(wait > TimeSpan.FromMilliseconds(1) ? wait : TimeSpan.FromMilliseconds(1), () =>
        {
            if (wake == _wake && _model is not null)
            {
                _wakeAt = null;
                var steps = _model.Elapse(Clock.GetUtcNow(), _dice.NextDouble);
                Commit(static _ => { });
                _checker.Run(steps);
            }
        });
    }
}
