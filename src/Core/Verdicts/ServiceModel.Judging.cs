using System.Collections.Immutable;
using Mesh.Core.Health;
using Mesh.Core.Outliers;

namespace Mesh.Core.Verdicts;

/// <content>What reports and the passing of time lead to.</content>
public sealed partial class ServiceModel
{
    private readonly ServiceJudge _judge = new();
    private readonly AdaptiveSession _adaptive = new();

    /// <summary>When <see cref="Elapse"/> has something to do; null when nothing is due.</summary>
    public DateTimeOffset? NextWake => Times.Earliest(
        _adaptive.Due(Policy), Times.Earliest(_members.Values.Min(member => member.Wake), _judge.SweepDue(Policy.OutlierDetection)));

    /// <summary>Takes what proxies saw, and decides on all that it gives reason for.</summary>
    /// <param name="report">Of endpoints that are not registered nothing is taken.</param>
    /// <param name="now">When it arrived.</param>
    /// <param name="chance">From 0 (included) to 1, anew at each call.</param>
    /// <returns>The budget's verdicts, in the order of decision.</returns>
    public ImmutableArray<EjectionVerdict> Report(ServiceReport report, DateTimeOffset now, Func<double> chance)
    {
        var proposals = new List<EjectionProposal>();
        var known = report.ReceivedAt(now).Where(seen => _members.ContainsKey(seen.EndpointId)).ToList();
        _adaptive.Observe(known, Policy, now);
        proposals.AddRange(_judge.Observe([.. known.Where(seen => InRotation(seen.EndpointId))], Policy.OutlierDetection, now));
        foreach (var seen in known)
        {
            var step = Step(seen.EndpointId, new ObservationReceived(_judge.Inform(seen)), now, chance);
            if (step.Find<ProposeEjection>() is { } proposed)
            {
                proposals.Add(new(seen.EndpointId, proposed.Evidence));
            }
        }

        return Decide(proposals, now, chance);
    }

    /// <summary>Does all that is due: leases, ends of ejections, what else endpoints wanted to be woken for, and the interval detectors, and the weights that follow the load.</summary>
    /// <param name="now">The time.</param>
    /// <param name="chance">From 0 (included) to 1, anew at each call.</param>
    /// <returns>The steps taken, with the effects that are left to a shell.</returns>
    public IReadOnlyList<MemberStep> Elapse(DateTimeOffset now, Func<double> chance)
    {
        if (_judge.SweepDue(Policy.OutlierDetection) <= now)
        {
            Decide(_judge.Sweep(Policy.OutlierDetection, InRotation), now, chance);
        }

        if (_adaptive.Due(Policy) <= now)
        {
            FollowLoad(now);
        }

        var due = _members.Where(member => member.Value.Wake <= now).Select(member => member.Key).ToList();
        return [.. due.Select(endpointId => new MemberStep(endpointId, Apply(endpointId, new TimeElapsed(), now, chance)))];
    }

    private void FollowLoad(DateTimeOffset now)
    {
        var (publish, entries) = _adaptive.Step(_members.Values.Select(member => member.Picture), Policy, now);
        _ledger.AddRange(entries);
        if (publish)
        {
            Touch(now);
        }
    }

    private bool InRotation(string endpointId) => _members.GetValueOrDefault(endpointId)?.Picture.InRotation == true;

    private ImmutableArray<EjectionVerdict> Decide(IReadOnlyCollection<EjectionProposal> proposals, DateTimeOffset now, Func<double> chance)
    {
        if (proposals.Count == 0)
        {
            return [];
        }

        var placed = proposals.Select(proposal => proposal.Placed(_members[proposal.EndpointId].Picture, Policy));
        var ruling = _judge.Rule(Tally, Policy, placed, now, chance);
        foreach (var verdict in ruling.Verdicts)
        {
            EndpointEvent answer = verdict.Allowed ? EjectionAllowed.For(verdict.Proposal.Evidence) : new EjectionRefused(verdict.Refusal!);
            Step(verdict.Proposal.EndpointId, answer, now, chance, verdict);
        }

        _ledger.AddRange(ruling.Entries);
        return ruling.Verdicts;
    }
}
