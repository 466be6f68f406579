using System.Collections.Immutable;
using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Verdicts;

namespace Mesh.Core.Replay;

/// <summary>
/// Runs a policy over recorded reports: the whole of <see cref="ServiceModel"/>, which is what judges in earnest, fed with what proxies saw then.
/// <para>
/// What it can tell: whom the policy would have ejected, when and on what evidence. What it cannot: what the rest would have seen. Requests that
/// an ejection keeps away from an endpoint go to others, and nobody recorded how they would have fared there. So what an ejected
/// endpoint was seen to do while it would have been out is not shown to the model (it would not have happened); it is only counted, as saved
/// failures and displaced successes. And an endpoint that really was out was seen by nobody, whatever the candidate would have done.
/// </para>
/// <para>Active checks and weights that follow the load are left out of a replay: nobody recorded the answers that they would have had.</para>
/// </summary>
public sealed class PolicyReplay
{
    private readonly ServiceModel _model;
    private readonly SortedDictionary<string, Account> _accounts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RecordedMember> _members = new(StringComparer.Ordinal);
    private ulong _dice;

    private PolicyReplay(ServiceId service, TrafficPolicy policy, DateTimeOffset from, ulong seed)
    {
        _model = new ServiceModel(service, epoch: 1);
        _model.Bind(policy with { HealthCheck = null, AdaptiveWeights = null }, from);
        _dice = seed;
    }

    /// <summary>Runs a policy over a recording. Of two runs over the same with the same seed the results are the same.</summary>
    /// <param name="service">Of which service.</param>
    /// <param name="policy">To be tried.</param>
    /// <param name="blocks">The recording, block by block, oldest first.</param>
    /// <param name="from">What was seen before this is left out.</param>
    /// <param name="to">When the recording ends.</param>
    /// <param name="seed">For chance: the policy's enforcing percentages and the jitter of ejection times.</param>
    /// <param name="stop">Asked between frames.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static ReplayResult Run(
        ServiceId service, TrafficPolicy policy, IEnumerable<ImmutableArray<RecordedFrame>> blocks, DateTimeOffset from, DateTimeOffset to,
        ulong seed = 1, CancellationToken stop = default)
    {
        var replay = new PolicyReplay(service, policy, from, seed);
        foreach (var block in blocks)
        {
            for (var i = 0; i < block.Length; i++)
            {
                stop.ThrowIfCancellationRequested();
                replay.Take(block[i], first: i == 0, from, to);
            }
        }

        replay.Elapse(to);
        return replay.Result();
    }

    private void Take(RecordedFrame frame, bool first, DateTimeOffset from, DateTimeOffset to)
    {
        var now = frame.At < from ? from : frame.At > to ? to : frame.At;
        Elapse(now);
        var left = first ? [.. _members.Keys.Except(frame.Members.Select(static member => member.Id))] : frame.Left;
        foreach (var id in left)
        {
            _members.Remove(id);
            _model.Deregister(id, now);
            AccountOf(id).End(now);
        }

        foreach (var member in frame.Members)
        {
            Meet(member, now);
        }

        if (frame.At >= from && frame.At <= to)
        {
            See(frame, now);
        }
    }

    private void Meet(RecordedMember member, DateTimeOffset now)
    {
        var known = _members.GetValueOrDefault(member.Id);
        _members[member.Id] = member;
        if (known is null || known with { Serving = member.Serving } != member)
        {
            // Where it listens decides nothing here, and was not recorded.
            _model.Register(
                new EndpointSpec { Id = member.Id, Address = "127.0.0.1", Port = 1, Weight = member.Weight, Locality = member.Locality }, now);
        }

        if (!member.Serving)
        {
            _model.Drain(member.Id, now);
        }
        else if (known is { Serving: false })
        {
            _model.Restore(member.Id, now);
        }

        Note();
    }

    private void See(RecordedFrame frame, DateTimeOffset now)
    {
        var shown = ImmutableArray.CreateBuilder<EndpointObservation>(frame.Observations.Length);
        foreach (var seen in frame.Observations)
        {
            if (_members.TryAdd(seen.EndpointId, new(seen.EndpointId, 1, true, Locality.Unknown)))
            {
                // Recorded before anybody said who it is: a report was faster than the registration.
                _model.Register(new EndpointSpec { Id = seen.EndpointId, Address = "127.0.0.1", Port = 1 }, now);
            }

            var isOut = _model.Find(seen.EndpointId)?.Status == HealthStatus.Ejected;
            AccountOf(seen.EndpointId).See(seen, isOut);
            if (!isOut)
            {
                shown.Add(seen);
            }
        }

        if (shown.Count > 0)
        {
            _model.Report(
                new ServiceReport { Service = _model.Id, Reporter = "replay", SentAt = now, Observations = shown.DrainToImmutable() }, now, Roll);
            Note();
        }
    }

    /// <summary>Lets the model do all that is due until then, each thing at its time.</summary>
    private void Elapse(DateTimeOffset now)
    {
        DateTimeOffset? before = null;
        while (_model.NextWake is { } wake && wake <= now && !(wake <= before))
        {
            _model.Elapse(wake, Roll);
            Note();
            before = wake;
        }
    }

    private void Note()
    {
        foreach (var entry in _model.TakeLedger())
        {
            AccountOf(entry.EndpointId).Enter(entry);
        }
    }

    private Account AccountOf(string id)
    {
        if (!_accounts.TryGetValue(id, out var account))
        {
            _accounts[id] = account = new Account();
        }

        return account;
    }

    private ReplayResult Result() => new()
    {
        Requests = _accounts.Values.Sum(static account => account.Requests),
        Failures = _accounts.Values.Sum(static account => account.Failures),
        Endpoints = [.. _accounts.Select(static account => account.Value.Close(account.Key))],
    };

    /// <summary>SplitMix64 (Steele, Lea, Flood, 2014).</summary>
    private double Roll()
    {
        _dice += 0x9E3779B97F4A7C15;
        var mixed = (_dice ^ (_dice >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return ((mixed ^ (mixed >> 31)) >> 11) * (1.0 / (1UL << 53));
    }

    private sealed class Account
    {
        private readonly ImmutableArray<ReplayedEjection>.Builder _ejections = ImmutableArray.CreateBuilder<ReplayedEjection>();
        private ReplayedEjection? _present;
        private int _refusals;
        private string? _refusal;
        private int _notEnforced;

        public long Requests { get; private set; }

        public long Failures { get; private set; }

        public void See(EndpointObservation seen, bool isOut)
        {
            var (succeeded, failed) = (Math.Max(0, seen.Succeeded), Math.Max(0, seen.Failed));
            Requests += succeeded + failed;
            Failures += failed;
            if (isOut && _present is not null)
            {
                _present = _present with { Saved = _present.Saved + failed, Displaced = _present.Displaced + succeeded };
            }
        }

        public void Enter(LedgerEntry entry)
        {
            switch (entry.Kind)
            {
                case LedgerKind.Ejected:
                    End(entry.At);
                    _present = new(entry.At, entry.Until, null, entry.Evidence, entry.Tally, 0, 0);
                    break;
                case LedgerKind.Refused:
                    _refusals++;
                    _refusal ??= entry.Reason;
                    break;
                case LedgerKind.NotEnforced:
                    _notEnforced++;
                    break;
                case LedgerKind.Returned or LedgerKind.Restored or LedgerKind.Drained:
                    End(entry.At);
                    break;
            }
        }

        public void End(DateTimeOffset at)
        {
            if (_present is not null)
            {
                _ejections.Add(_present with { Ended = at });
                _present = null;
            }
        }

        public EndpointReplay Close(string id) => new(
            id, Requests, Failures, _present is null ? _ejections.ToImmutable() : [.. _ejections, _present], _refusals, _refusal, _notEnforced);
    }
}
