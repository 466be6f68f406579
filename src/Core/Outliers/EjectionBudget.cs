using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Mesh.Core.Localities;
using Mesh.Core.Policies;

namespace Mesh.Core.Outliers;

/// <summary>
/// The one budget of ejections that holds for the whole mesh.
/// <para>
/// Where every proxy has a budget of its own, each may eject a different tenth of the endpoints, and together they eject all. Here a
/// proposal comes to the service, which is one actor, and the service asks this function. The rule is Envoy's: one more may go if then
/// no more than <c>max_ejection_percent</c> are ejected. So with 10 % and fewer than ten endpoints nobody is ever ejected; raise the percentage,
/// or say <c>always_eject_one_host</c>. Beyond Envoy, <c>minHealthPercent</c> is a floor that even <c>always_eject_one_host</c> respects: no ejection may
/// leave a smaller share in rotation. And none may lead into panic (<see cref="Panic"/>), where clients ignore ejections: it would do the opposite of what it is for.
/// Who returns keeps its place until it has proven itself. Failed active checks are bound by panic alone: as in Envoy they need no budget, but they count for it.
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

            var after = tally.WithOneMore(proposal.Priority, proposal.Returning);
            var refusal = Refusal(tally, policy, proposal.Evidence.Detector, proposal.Priority, proposal.Returning);
            verdicts.Add(new(proposal, refusal is null, refusal)
            {
                Tally = tally,
                Note = refusal is null && Panic.SpillsOver(after, proposal.Priority) ? SpillOver(after, proposal.Priority) : null,
            });
            tally = refusal is null ? after : tally;
        }

        return verdicts.ToImmutable();
    }

    /// <summary>Why not one more may be ejected; null when one may.</summary>
    /// <param name="tally">How the service stands before.</param>
    /// <param name="policy">The limits.</param>
    /// <param name="detector">What noticed it.</param>
    /// <param name="priority">The name of the endpoint's priority; empty where there is only one.</param>
    /// <param name="returning">Whether the endpoint has yet to prove itself, and so has a place already.</param>
    public static string? Refusal(
        EjectionTally tally,
        OutlierDetection policy,
        OutlierDetector detector = OutlierDetector.Consecutive5xx,
        string priority = "",
        bool returning = false) =>
        tally.Ejected >= tally.Hosts ? "no endpoint is left to eject"
        : (detector == OutlierDetector.ActiveHealthCheck ? null : OverBudget(tally, policy, returning))
        ?? (Panic.Holds(tally.WithOneMore(priority), priority) ? OutOfPanic(tally.Of(priority)) : null);

    private static string? OverBudget(EjectionTally tally, OutlierDetection policy, bool returning)
    {
        // Who was out and has not proven itself keeps its place, and takes no second one when it fails.
        var kept = Math.Max(0, tally.Probing - (returning ? 1 : 0));
        if (100L * (tally.Hosts - tally.Ejected - 1) < (long)policy.MinHealthPercent * tally.Hosts)
        {
            return $"{tally.Ejected} of {tally.Hosts} are ejected and minHealthPercent is {policy.MinHealthPercent}";
        }

        var within = 100L * (tally.Ejected + kept + 1) <= (long)policy.MaxEjectionPercent * tally.Hosts;
        return within || (policy.AlwaysEjectOneHost && tally.Ejected + kept == 0)
            ? null
            : $"{tally.Ejected} of {tally.Hosts} are ejected{(kept == 0 ? "" : $", {kept} more are to prove themselves,")} and maxEjectionPercent is {policy.MaxEjectionPercent}";
    }

    private static string OutOfPanic(PriorityTally one) =>
        $"{one.Ejected} of {one.Hosts}{In(one)} are ejected, and with less than {PriorityLoad.PanicThreshold} % in rotation clients would panic and ignore it";

    private static string SpillOver(EjectionTally after, string priority) =>
        after.Of(priority) is var one && after.All.Skip(1).Any()
            ? $"{one.Left} of {one.Hosts}{In(one)} stay in rotation: {100 - Panic.Load(one)} % of its load goes to other priorities"
            : $"{one.Left} of {one.Hosts} stay in rotation, where a priority would leave {100 - Panic.Load(one)} % of its load to the next";

    private static string In(PriorityTally one) => one.Name.Length == 0 ? "" : $" in {one.Name}";
}

/// <summary>An endpoint's request to be ejected.</summary>
public sealed record EjectionProposal(string EndpointId, OutlierEvidence Evidence)
{
    /// <summary>The name of the endpoint's priority; empty where there is only one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public string Priority { get; init; } = "";

    /// <summary>It has returned from an ejection and not yet proven itself.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Returning { get; init; }
}

/// <summary>The budget's answer to one proposal.</summary>
/// <param name="Proposal">To what.</param>
/// <param name="Allowed">Whether it may go.</param>
/// <param name="Refusal">Why not; null when allowed.</param>
public sealed record EjectionVerdict(EjectionProposal Proposal, bool Allowed, string? Refusal)
{
    /// <summary>How the service stood before.</summary>
    public EjectionTally? Tally { get; init; }

    /// <summary>What else it leads to, for people; null when there is nothing to say.</summary>
    public string? Note { get; init; }
}
