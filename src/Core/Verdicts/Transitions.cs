using System.Globalization;
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
    /// <param name="before">The endpoint before; null when it is new.</param>
    /// <param name="after">The endpoint after.</param>
    /// <param name="now">The time.</param>
    /// <param name="byHand">Somebody ordered it, as opposed to what the endpoint does by itself.</param>
    public static LedgerEntry? Entry(EndpointSnapshot? before, EndpointSnapshot after, DateTimeOffset now, bool byHand = false) => Kind(before, after, byHand) is { } kind
        ? new LedgerEntry
        {
            At = now,
            EndpointId = after.Id,
            Kind = kind,
            Reason = kind is LedgerKind.Ejected && after.Reason is { } reason ? reason : Words(kind, before!, after),
            Until = kind is LedgerKind.Ejected ? after.EjectedUntil : null,
            WeightBefore = before is not null && before.Weight != after.Weight ? before.Weight : null,
            WeightAfter = before is not null && before.Weight != after.Weight ? after.Weight : null,
        }
        : null;

    /// <summary>The entry with what it rests on; the entry itself when it is no verdict's doing.</summary>
    public static LedgerEntry On(LedgerEntry entry, EjectionVerdict? verdict) => verdict is null
        ? entry
        : entry with
        {
            Reason = verdict.Note is { } note ? $"{entry.Reason}; {note}" : entry.Reason,
            Evidence = verdict.Proposal.Evidence,
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
        _ => before!.Weight != after.Weight ? LedgerKind.Weight : null,
    };

    private static string Words(LedgerKind kind, EndpointSnapshot before, EndpointSnapshot after) => kind switch
    {
        LedgerKind.Returned when after.Status != HealthStatus.Probing => "its active checks passed",
        LedgerKind.Returned => "the ejection ended; it has to prove itself",
        LedgerKind.Proven => "it has proven itself",
        LedgerKind.Drained => "drained",
        LedgerKind.Restored => before.Status == HealthStatus.Ejected ? "its ejection was ended" : "its draining was ended",
        _ => $"effective weight {Hundredths(before.Weight)} -> {Hundredths(after.Weight)}{(after.WeightReason is { } why ? $" ({why})" : "")}",
    };

    private static string Hundredths(int hundredths) =>
        (hundredths / (decimal)EffectiveWeight.Scale).ToString("0.##", CultureInfo.InvariantCulture);
}
