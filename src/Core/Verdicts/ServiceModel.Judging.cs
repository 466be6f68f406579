using System.Collections.Immutable;
using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;

namespace Mesh.Core.Verdicts;

/// <content>What reports and the passing of time lead to.</content>
public sealed partial class ServiceModel
{
    /// <summary>When <see cref="Elapse"/> has something to do; null when nothing is due.</summary>
    public DateTimeOffset? NextWake => _members.Values.Min(member => member.Wake);

    /// <summary>Takes what proxies saw, and decides on all that it gives reason for.</summary>
    /// <param name="report">Of endpoints that are not registered nothing is taken.</param>
    /// <param name="now">When it arrived.</param>
    /// <param name="chance">From 0 (included) to 1, anew at each call.</param>
    /// <returns>The budget's verdicts, in the order of decision.</returns>
    public ImmutableArray<EjectionVerdict> Report(ServiceReport report, DateTimeOffset now, Func<double> chance)
    {
        var proposals = new List<EjectionProposal>();
        foreach (var seen in report.ReceivedAt(now).Where(seen => _members.ContainsKey(seen.EndpointId)))
        {
            var step = Step(seen.EndpointId, new ObservationReceived(seen), now, chance);
            if (step.Find<ProposeEjection>() is { } proposed)
            {
                proposals.Add(new(seen.EndpointId, proposed.Evidence));
            }
        }

        return Decide(proposals, now, chance);
    }

    /// <summary>Does all that is due: leases, ends of ejections, and what else endpoints wanted to be woken for.</summary>
    /// <param name="now">The time.</param>
    /// <param name="chance">From 0 (included) to 1, anew at each call.</param>
    /// <returns>The steps taken, with the effects that are left to a shell.</returns>
    public IReadOnlyList<MemberStep> Elapse(DateTimeOffset now, Func<double> chance)
    {
        var due = _members.Where(member => member.Value.Wake <= now).Select(member => member.Key).ToList();
        return [.. due.Select(endpointId => new MemberStep(endpointId, Apply(endpointId, new TimeElapsed(), now, chance)))];
    }

    private ImmutableArray<EjectionVerdict> Decide(List<EjectionProposal> proposals, DateTimeOffset now, Func<double> chance)
    {
        if (proposals.Count == 0)
        {
            return [];
        }

        var verdicts = EjectionBudget.Decide(Tally, Policy.OutlierDetection, proposals);
        foreach (var verdict in verdicts)
        {
            var evidence = verdict.Proposal.Evidence;
            if (verdict.Allowed)
            {
                Step(verdict.Proposal.EndpointId, EjectionAllowed.For(evidence), now, chance, verdict);
                continue;
            }

            if (Find(verdict.Proposal.EndpointId) is { Refusal: null })
            {
                _ledger.Add(new LedgerEntry
                {
                    At = now,
                    EndpointId = verdict.Proposal.EndpointId,
                    Kind = LedgerKind.Refused,
                    Reason = verdict.Refusal!,
                    Evidence = evidence,
                    Policy = Policy.Source,
                    Tally = Tally,
                });
            }

            Step(verdict.Proposal.EndpointId, new EjectionRefused(verdict.Refusal!), now, chance);
        }

        return verdicts;
    }
}
