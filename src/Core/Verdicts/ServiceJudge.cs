using System.Collections.Immutable;
using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Verdicts.Statistics;

namespace Mesh.Core.Verdicts;

/// <summary>
/// Judges the endpoints of one service by comparing them.
/// <para>
/// Runs of failures concern one endpoint and are its own affair. Everything else needs its peers, so it is done where all reports meet: the sequential test at each
/// report (<see cref="SequentialTest"/>), success rate, failure percentage and latency at the end of each interval (<see cref="RateDetectors"/>, <see cref="LatencyDetector"/>).
/// All proposals, whoever makes them, then go one way: the enforcing percentage, the budget, the ledger.
/// </para>
/// <para>
/// It has state and no clock: the counts of the present interval, and the evidence so far. After a restart these begin anew; what was decided is not theirs to remember.
/// Rejected: keeping the counts in each endpoint and asking all of them at the end of the interval. That is a call to every endpoint every ten seconds, and
/// the sequential test would need one for each report.
/// </para>
/// </summary>
/// <remarks>Not safe for several threads.</remarks>
public sealed class ServiceJudge
{
    private readonly Dictionary<string, Subject> _subjects = new(StringComparer.Ordinal);
    private readonly Peers _past = new(subject => subject.Past, (subject, value) => subject.Past = value);
    private readonly Peers _latest = new(subject => subject.Latest, (subject, value) => subject.Latest = value);
    private DateTimeOffset? _windowBegan;
    private DateTimeOffset? _lastReport;

    /// <summary>When the interval detectors are due; null while nothing was reported in the present interval.</summary>
    public DateTimeOffset? SweepDue(OutlierDetection policy) => _windowBegan is { } began ? Times.Add(began, EjectionTimes.Interval(policy)) : null;

    /// <summary>
    /// What of an observation the endpoint itself is to know: the last success that anybody saw is added, of which it may not have been told because
    /// successes of healthy endpoints are not passed on.
    /// </summary>
    public EndpointObservation Inform(EndpointObservation observation) =>
        observation.Failed > 0 && _subjects.GetValueOrDefault(observation.EndpointId)?.LastSuccess is { } last
        && observation is { LastSuccess: null, Succeeded: 0, RunBegan: not null }
            ? observation with { LastSuccess = last }
            : observation;

    /// <summary>Takes a report, and says whom the sequential test proposes.</summary>
    /// <param name="report">Of endpoints that take traffic, at most one of each, with times by the judge's clock.</param>
    /// <param name="policy">The policy in force.</param>
    /// <param name="now">The time.</param>
    public ImmutableArray<EjectionProposal> Observe(IReadOnlyCollection<EndpointObservation> report, OutlierDetection policy, DateTimeOffset now)
    {
        var seen = Take(report, policy, now);
        var proposals = ImmutableArray.CreateBuilder<EjectionProposal>();
        var threshold = SequentialTest.Threshold(policy);
        foreach (var (observation, counts, subject) in seen)
        {
            var bound = SequentialTest.Bound(_past.Without(subject), _latest.Without(subject));
            subject.Test(observation, counts, bound, threshold, EjectionTimes.Interval(policy), now);
            if (subject.Evidence.Value >= threshold && Compared() >= Math.Max(2, policy.SequentialMinimumHosts))
            {
                proposals.Add(new(observation.EndpointId, subject.Explain(threshold, _past.Without(subject).Share, Compared())));
            }
        }

        return proposals.ToImmutable();
    }

    /// <summary>Ends an interval: says whom the interval detectors propose, and begins the next.</summary>
    /// <param name="policy">The policy in force.</param>
    /// <param name="takesTraffic">Which endpoints are compared.</param>
    public ImmutableArray<EjectionProposal> Sweep(OutlierDetection policy, Func<string, bool> takesTraffic)
    {
        _windowBegan = null;
        ImmutableArray<EndpointWindow> windows =
        [
            .. _subjects.OrderBy(subject => subject.Key, StringComparer.Ordinal)
                .Select(subject => subject.Value.TakeWindow(subject.Key))
                .OfType<EndpointWindow>()
                .Where(window => takesTraffic(window.EndpointId)),
        ];
        ImmutableArray<EjectionProposal> outliers =
        [
            .. RateDetectors.SuccessRate(windows, policy),
            .. RateDetectors.FailurePercentage(windows, policy),
            .. LatencyDetector.Judge(windows, policy),
        ];
        return [.. outliers, .. OneProxyDetector.Judge(windows).Where(one => outliers.All(other => other.EndpointId != one.EndpointId))];
    }

    /// <summary>Decides on proposals: which are enforced, and which of these the budget allows.</summary>
    /// <param name="tally">How the service stands.</param>
    /// <param name="policy">The policy in force.</param>
    /// <param name="proposals">From endpoints and from this judge; of several for one endpoint only the strongest that is enforced counts.</param>
    /// <param name="now">The time.</param>
    /// <param name="chance">From 0 (included) to 1, anew at each call.</param>
    public Ruling Rule(EjectionTally tally, TrafficPolicy policy, IEnumerable<EjectionProposal> proposals, DateTimeOffset now, Func<double> chance)
    {
        var limits = policy.OutlierDetection;
        var (enforced, letGo) = (new List<EjectionProposal>(), new List<EjectionProposal>());
        foreach (var proposal in proposals)
        {
            var subject = SubjectOf(proposal.EndpointId);
            if (subject.Streaks.WasLetGo(proposal.Evidence) || (IsRun(proposal.Evidence) && !subject.Flow.Allows(proposal.Evidence, now)))
            {
                continue;
            }

            (Enforcement.Holds(proposal.Evidence, limits, chance) ? enforced : letGo).Add(proposal);
        }

        var verdicts = enforced.Count == 0 ? [] : EjectionBudget.Decide(tally, limits, enforced);
        var entries = ImmutableArray.CreateBuilder<LedgerEntry>();
        foreach (var proposal in letGo)
        {
            LetGo(proposal);
            Enter(proposal, LedgerKind.NotEnforced, proposal.Evidence.Detector, $"{proposal.Evidence.Reason}; not enforced", tally: null);
        }

        foreach (var verdict in verdicts.Where(verdict => !verdict.Allowed))
        {
            Enter(verdict.Proposal, LedgerKind.Refused, null, verdict.Refusal!, verdict.Tally);
        }

        return new(verdicts, [.. letGo], entries.ToImmutable());

        void Enter(EjectionProposal proposal, LedgerKind kind, OutlierDetector? detector, string reason, EjectionTally? tally)
        {
            if (SubjectOf(proposal.EndpointId).Streaks.Begins(kind, detector, now, EjectionTimes.Interval(limits)))
            {
                entries.Add(new LedgerEntry
                {
                    At = now,
                    EndpointId = proposal.EndpointId,
                    Kind = kind,
                    Reason = reason,
                    Evidence = proposal.Evidence,
                    Policy = policy.Source,
                    Tally = tally,
                });
            }
        }
    }

    /// <summary>Forgets an endpoint: it left the rotation, or is another one now. Its peers are no longer compared with what it did.</summary>
    public void Forget(string endpointId)
    {
        if (_subjects.Remove(endpointId, out var subject))
        {
            _past.Drop(subject);
            _latest.Drop(subject);
        }
    }

    private List<(EndpointObservation, ObservationCounts, Subject)> Take(
        IReadOnlyCollection<EndpointObservation> report, OutlierDetection policy, DateTimeOffset now)
    {
        var since = _lastReport is { } last ? Math.Max(0, (now - last) / EjectionTimes.Interval(policy)) : 0;
        _past.Fade(Math.Exp(-since / SequentialTest.MemoryIntervals), _subjects.Values);
        var seen = new List<(EndpointObservation, ObservationCounts, Subject)>(report.Count);
        var requests = 0.0;
        foreach (var observation in report)
        {
            var counts = ObservationCounts.Of(observation);
            if (counts is not { Succeeded: 0, Failed: 0 })
            {
                seen.Add((observation, counts, SubjectOf(observation.EndpointId)));
                requests += (double)counts.Succeeded + counts.Failed;
            }
        }

        _latest.Fade(Math.Exp(-requests / SequentialTest.LatestRequests), _subjects.Values);
        foreach (var (observation, counts, subject) in seen)
        {
            _past.Add(subject, counts);
            _latest.Add(subject, counts);
            subject.Note(observation, counts, now);
            _windowBegan ??= now;
        }

        _lastReport = now;
        return seen;
    }

    private void LetGo(EjectionProposal proposal)
    {
        var subject = SubjectOf(proposal.EndpointId);
        if (IsRun(proposal.Evidence))
        {
            subject.Streaks.LetGo(proposal.Evidence);
        }

        if (proposal.Evidence.Detector == OutlierDetector.Sequential)
        {
            subject.ForgetEvidence();
        }
    }

    private static bool IsRun(OutlierEvidence evidence) =>
        evidence.Detector is OutlierDetector.Consecutive5xx or OutlierDetector.ConsecutiveGatewayFailure or OutlierDetector.ConsecutiveLocalOriginFailure;

    private int Compared() => _subjects.Values.Count(subject => _past.Of(subject).Requests >= 1);

    private Subject SubjectOf(string endpointId)
    {
        if (!_subjects.TryGetValue(endpointId, out var subject))
        {
            _subjects[endpointId] = subject = new();
        }

        return subject;
    }
}
