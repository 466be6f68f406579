using Mesh.Core.Health;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;
using Mesh.Core.Snapshots;
using Mesh.Core.Weights;

namespace Mesh.Core.Verdicts;

/// <summary>
/// What of an endpoint's change belongs into the ledger. Taken from the two pictures of it, before and after, and not from the events that led
/// from one to the other: whoever missed the events, as a service that was away for a while, enters the same.
/// </summary>
public static class Transitions
{
    /// <summary>The entry that a change deserves; null when it deserves none.</summary>
    /// <param name="before">The endpoint before; null when it is new, or when nobody knows.</param>
    /// <param name="after">The endpoint after.</param>
    /// <param name="ejection">Its present ejection; null when there is none.</param>
    /// <param name="now">The time.</param>
    /// <param name="byHand">Somebody ordered it, as opposed to what the endpoint does by itself.</param>
    public static LedgerEntry? Entry(
        EndpointSnapshot? before, EndpointSnapshot after, Ejection? ejection, DateTimeOffset now, bool byHand = false) =>
        Kind(before, after, byHand) is not { } kind ? null
        : kind == LedgerKind.Ejected && ejection is not null ? Entry(after.Id, ejection)
        : new LedgerEntry
        {
            At = now,
            EndpointId = after.Id,
            Kind = kind,
            Reason = Words(kind, before, after),
            WeightBefore = before is not null && before.Weight != after.Weight ? before.Weight : null,
            WeightAfter = before is not null && before.Weight != after.Weight ? after.Weight : null,
        };

    /// <summary>The entry of an ejection, from the endpoint's own record of it: the same whenever it is made.</summary>
    public static LedgerEntry Entry(string endpointId, Ejection ejection) => new()
    {
        At = ejection.At,
        EndpointId = endpointId,
        Kind = LedgerKind.Ejected,
        Reason = ejection.Reason,
        Evidence = ejection.Evidence,
        Policy = ejection.PolicySource,
        Until = ejection.Until,
    };

    /// <summary>The entry with what the budget knew; the entry itself when it is no verdict's doing.</summary>
    public static LedgerEntry On(LedgerEntry entry, EjectionVerdict? verdict) => verdict is null
        ? entry
        : entry with
        {
            Reason = verdict.Note is { } note ? $"{entry.Reason}; {note}" : entry.Reason,
            Tally = verdict.Tally,
        };

    private static LedgerKind? Kind(EndpointSnapshot? before, EndpointSnapshot after, bool byHand) => (before?.Status, after.Status) switch
    {
        (HealthStatus.Ejected, HealthStatus.Ejected) when before!.EjectedUntil == after.EjectedUntil && before.Reason == after.Reason => null,
        (_, HealthStatus.Ejected) => LedgerKind.Ejected,
        (null, _) => null,
        (not HealthStatus.Draining, HealthStatus.Draining) => LedgerKind.Drained,
        (HealthStatus.Ejected, HealthStatus.Probing or HealthStatus.Healthy or HealthStatus.Suspect) when !byHand => LedgerKind.Returned,
        (HealthStatus.Ejected or HealthStatus.Draining, HealthStatus.Healthy or HealthStatus.Suspect or HealthStatus.Probing) => LedgerKind.Restored,
        (HealthStatus.Probing, HealthStatus.Healthy or HealthStatus.Suspect) => LedgerKind.Proven,
        // A weight that grows by itself would fill the ledger with what everybody can see.
        _ => before!.Weight == after.Weight || EffectiveWeight.IsWarmup(before.WeightReason ?? after.WeightReason) ? null : LedgerKind.Weight,
    };

    private static string Words(LedgerKind kind, EndpointSnapshot? before, EndpointSnapshot after) => kind switch
    {
        LedgerKind.Returned when after.Status != HealthStatus.Probing => "its active checks passed",
        LedgerKind.Returned => "the ejection ended; it has to prove itself",
        LedgerKind.Proven => "it has proven itself",
        LedgerKind.Drained => "drained",
        LedgerKind.Ejected => after.Reason ?? "ejected",
        LedgerKind.Restored => before!.Status == HealthStatus.Ejected ? "its ejection was ended" : "its draining was ended",
        _ => $"effective weight {EffectiveWeight.Text(before!.Weight)} -> {EffectiveWeight.Text(after.Weight)}{(after.WeightReason is { } why ? $" ({why})" : "")}",
    };
}
