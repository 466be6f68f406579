using System.Collections.Immutable;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;

namespace Mesh.Core.Verdicts;

/// <summary>What a judge says to a few proposals.</summary>
/// <param name="Verdicts">The budget's, in the order of decision; they are to be carried out.</param>
/// <param name="NotEnforced">Detections that the policy's percentages let go.</param>
/// <param name="Entries">What the ledger is to know of those that are not ejected; an ejection is entered when it is carried out.</param>
public sealed record Ruling(
    ImmutableArray<EjectionVerdict> Verdicts, ImmutableArray<EjectionProposal> NotEnforced, ImmutableArray<LedgerEntry> Entries)
{
    /// <summary>Nothing was proposed.</summary>
    public static Ruling None { get; } = new([], [], []);
}
