using System.Collections.Immutable;
using Mesh.Core.Policies;

namespace Mesh.Core.Outliers;

/// <summary>
/// The one budget of ejections that holds for the whole mesh.
/// <para>
/// Where every proxy has a budget of its own, each may eject a different tenth of the endpoints, and together they eject all. Here a
/// proposal comes to the service, which is one actor, and the service asks this function. The rule is Envoy's: one more may go if then
/// no more than <c>max_ejection_percent</c> are ejected. So with 10 % and fewer than ten endpoints nobody is ever ejected; raise the percentage,
/// or say <c>always_eject_one_host</c>. Beyond Envoy, <c>minHealthPercent</c> is a floor that even <c>always_eject_one_host</c> respects: no ejection may
/// leave a smaller share in rotation.
/// </para>
/// <para>
/// Rejected: putting refused proposals in a queue. By the time that a place is free their evidence is old; an endpoint that goes on failing
/// proposes again with its next report.
/// </para>
/// </summary>
public static class EjectionBudget
{
    /// <summary>Decides on several proposals at once, the strongest evidence first and then by id, so that the answer does not hang on the order of arrival.</summary>
    /// <param name="tally">How the service stands before.</param>
    /// <param name="policy">The limits.</param>
    /// <param name="proposals">Who is to go; of several proposals for one endpoint only the strongest is looked at.</param>
    /// <returns>A verdict on each proposed endpoint, in the order of decision.</returns>
    public static ImmutableArray<EjectionVerdict> Decide(
        EjectionTally tally, OutlierDetection policy, IEnumerable<EjectionProposal> proposals)
    {
        var verdicts = ImmutableArray.CreateBuilder<EjectionVerdict>();
        var decided = new HashSet<string>(StringComparer.Ordinal);
        foreach (var proposal in proposals.OrderByDescending(p => p.Evidence).ThenBy(p => p.EndpointId, StringComparer.Ordinal))
        {
            if (!decided.Add(proposal.EndpointId))
            {
                continue;
            }

            var refusal = Refusal(tally, policy);
            verdicts.Add(new(proposal, refusal is null, refusal));
            if (refusal is null)
            {
                tally = tally with { Ejected = tally.Ejected + 1 };
            }
        }

        return verdicts.ToImmutable();
    }

    /// <summary>Why not one more may be ejected; null when one may.</summary>
    public static string? Refusal(EjectionTally tally, OutlierDetection policy)
    {
        if (tally.Ejected >= tally.Hosts)
        {
            return "no endpoint is left to eject";
        }

        if (100L * (tally.Hosts - tally.Ejected - 1) < (long)policy.MinHealthPercent * tally.Hosts)
        {
            return $"{tally.Ejected} of {tally.Hosts} are ejected and minHealthPercent is {policy.MinHealthPercent}";
        }

        var within = 100L * (tally.Ejected + 1) <= (long)policy.MaxEjectionPercent * tally.Hosts;
        return within || (policy.AlwaysEjectOneHost && tally.Ejected == 0)
            ? null
            : $"{tally.Ejected} of {tally.Hosts} are ejected and maxEjectionPercent is {policy.MaxEjectionPercent}";
    }
}

/// <summary>What the budget needs to know of a service.</summary>
/// <param name="Hosts">Endpoints that count: healthy, suspect, probing and ejected ones. Those that leave anyway (draining, expired) do not.</param>
/// <param name="Ejected">Of these, the ejected ones. A probing endpoint takes traffic and counts as not ejected.</param>
public sealed record EjectionTally(int Hosts, int Ejected);

/// <summary>An endpoint's request to be ejected.</summary>
public sealed record EjectionProposal(string EndpointId, OutlierEvidence Evidence);

/// <summary>The budget's answer to one proposal.</summary>
/// <param name="Proposal">To what.</param>
/// <param name="Allowed">Whether it may go.</param>
/// <param name="Refusal">Why not; null when allowed.</param>
public sealed record EjectionVerdict(EjectionProposal Proposal, bool Allowed, string? Refusal);
