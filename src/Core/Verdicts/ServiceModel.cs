using System.Collections.Immutable;
using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;

namespace Mesh.Core.Verdicts;

/// <summary>
/// One service in one object: what the grains are, without the grains.
/// <para>
/// The grains cut a service into actors so that it can be spread over machines and survive them. What they decide, they decide in the pure
/// functions of this project; here the same functions are put together in memory, one call after the other, without I/O, clock or
/// chance of its own. A replay of recorded reports runs on it, a simulation does, and the tests of the grains take it for the truth.
/// </para>
/// <para>
/// Rejected: running replays against grains with storage in memory (a thousand times slower, and not deterministic), and a simpler model
/// written for the purpose (what it showed would be true of the model).
/// </para>
/// </summary>
/// <remarks>Not safe for several threads. Times must not run backwards further than the real clock's do; nothing breaks when they do.</remarks>
/// <param name="id">Which service.</param>
/// <param name="epoch">The epoch of its snapshots' versions.</param>
public sealed partial class ServiceModel(ServiceId id, long epoch)
{
    private readonly SortedDictionary<string, Member> _members = new(StringComparer.Ordinal);
    private readonly List<LedgerEntry> _ledger = [];
    private ServiceSnapshot? _snapshot;
    private DateTimeOffset _changed;
    private bool _dirty = true;

    /// <summary>Which service this is.</summary>
    public ServiceId Id => id;

    /// <summary>The policy in force.</summary>
    public TrafficPolicy Policy { get; private set; } = TrafficPolicy.Default;

    /// <summary>All endpoints, ordered by id (ordinal).</summary>
    public IEnumerable<EndpointState> Endpoints => _members.Values.Select(member => member.State);

    /// <summary>How the service stands for the budget.</summary>
    public EjectionTally Tally => Standing.Of(_members.Values.Select(member => member.Picture), Policy);

    /// <summary>The snapshot of all that has happened; the same object as before when nothing visible has changed.</summary>
    public ServiceSnapshot Snapshot
    {
        get
        {
            if (_dirty || _snapshot is null)
            {
                _snapshot = SnapshotCompiler.Compile(
                    id, _members.Values.Select(member => _adaptive.Weigh(member.Picture, Policy)), Policy, _snapshot, epoch, _changed, cause: null);
                _dirty = false;
            }

            return _snapshot;
        }
    }

    /// <summary>The endpoint; null when it is not registered.</summary>
    public EndpointState? Find(string endpointId) => _members.GetValueOrDefault(endpointId)?.State;

    /// <summary>Puts a policy in force.</summary>
    public void Bind(TrafficPolicy policy, DateTimeOffset now)
    {
        Policy = policy;
        foreach (var endpointId in _members.Keys.ToList())
        {
            // As the service's look does: checks and warm-ups go by another policy from now on, and may want to be woken at another time.
            Step(endpointId, new TrafficSeen(true), now, NoChance);
        }

        if (policy.AdaptiveWeights is null)
        {
            FollowLoad(now);
        }

        Touch(now);
    }

    /// <summary>Adds an endpoint, or takes over what is said of it anew.</summary>
    public EndpointStep Register(EndpointSpec spec, DateTimeOffset now) => Step(spec.Id, new Registered(spec), now, NoChance);

    /// <summary>Takes over an endpoint as it was before a time in which this service was nowhere, as from disk: who had a lease gets a new one.</summary>
    public void Recover(EndpointState stored, DateTimeOffset now)
    {
        _members[stored.Id] = new(stored, stored.ToSnapshot(), null);
        Touch(now);
        Step(stored.Id, new Recovered(), now, NoChance);
    }

    /// <summary>Removes an endpoint; false when there is none.</summary>
    public bool Deregister(string endpointId, DateTimeOffset now)
    {
        Touch(now);
        _judge.Forget(endpointId);
        return _members.Remove(endpointId);
    }

    /// <summary>Renews an endpoint's lease; false when it is not registered.</summary>
    public bool Renew(string endpointId, DateTimeOffset now) => Step(endpointId, new LeaseRenewed(), now, NoChance).State is not null;

    /// <summary>Takes an endpoint out of rotation for good; false when it is not registered.</summary>
    public bool Drain(string endpointId, DateTimeOffset now) => Step(endpointId, new Drained(), now, NoChance).State is not null;

    /// <summary>Ends an endpoint's ejection or draining; false when it is not registered.</summary>
    public bool Restore(string endpointId, DateTimeOffset now) => Step(endpointId, new Restored(), now, NoChance).State is not null;

    /// <summary>Ejects an endpoint by hand, past the budget; false when it is not registered.</summary>
    public bool Eject(string endpointId, TimeSpan? duration, string reason, DateTimeOffset now) =>
        Step(endpointId, new EjectionAllowed(reason, duration, Manual: true), now, NoChance).State is not null;

    /// <summary>Any event of one endpoint; an ejection that it proposes is decided on at once.</summary>
    /// <param name="endpointId">Which; nothing happens when it is not registered.</param>
    /// <param name="happened">What.</param>
    /// <param name="now">The time.</param>
    /// <param name="chance">From 0 (included) to 1, anew at each call.</param>
    /// <returns>The step that the event led to, before any verdict; the shell's work is in its effects.</returns>
    public EndpointStep Apply(string endpointId, EndpointEvent happened, DateTimeOffset now, Func<double> chance)
    {
        var step = Step(endpointId, happened, now, chance);
        if (step.Find<ProposeEjection>() is { } proposed)
        {
            Decide([new(endpointId, proposed.Evidence)], now, chance);
        }

        return step;
    }

    /// <summary>What was entered into the ledger since this was last called, in order; <see cref="LedgerEntry.Number"/> is 0.</summary>
    public IReadOnlyList<LedgerEntry> TakeLedger()
    {
        LedgerEntry[] taken = [.. _ledger];
        _ledger.Clear();
        return taken;
    }

    private static double NoChance() => 0;

    private EndpointStep Step(string endpointId, EndpointEvent happened, DateTimeOffset now, Func<double> chance, EjectionVerdict? verdict = null)
    {
        var before = _members.GetValueOrDefault(endpointId);
        var step = EndpointMachine.Step(before?.State, happened, Policy, now, chance());
        if (step.State is null || step.Has<RemoveEndpoint>())
        {
            if (_members.Remove(endpointId))
            {
                _judge.Forget(endpointId);
                Touch(now);
            }

            return step;
        }

        var picture = step.State.ToSnapshot();
        _members[endpointId] = new(step.State, picture, step.Find<WakeAt>()?.When);
        if (before is null || !SnapshotEquality.Same(before.Picture, picture))
        {
            Touch(now);
        }

        if (!picture.InRotation || before?.State.RegisteredAt != step.State.RegisteredAt || happened is Restored)
        {
            _judge.Forget(endpointId);
        }

        if (Transitions.Entry(before?.Picture, picture, step.State.Ejection, now, happened is Restored or Registered) is { } entry)
        {
            _ledger.Add(Transitions.On(entry, verdict) with { Policy = entry.Policy ?? Policy.Source });
        }

        return step;
    }

    private void Touch(DateTimeOffset now) => (_dirty, _changed) = (true, now);

    private sealed record Member(EndpointState State, EndpointSnapshot Picture, DateTimeOffset? Wake);
}

/// <summary>One endpoint's step.</summary>
/// <param name="EndpointId">Whose.</param>
/// <param name="Step">Its outcome, with the effects that are left to a shell.</param>
public sealed record MemberStep(string EndpointId, EndpointStep Step);
