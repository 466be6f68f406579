using System.Collections.Immutable;
using Mesh.Contracts.Move;
using Mesh.Core;
using Mesh.Core.Ledger;
using Orleans;

namespace Mesh.Grains.Ledger;

/// <content>Moving house: the numbers are kept.</content>
public sealed partial class LedgerGrain
{
    /// <inheritdoc/>
    public async Task<Moved> Adopt(ImmutableArray<LedgerEntry> entries, long last, OnConflict onConflict, bool dryRun)
    {
        if (LedgerBook.TooMany(entries).FirstOrDefault() is { } surplus)
        {
            return Moved.Refused([new(
                ProblemKind.LimitExceeded, "number", $"{surplus.Number}", "There are more entries than a ledger holds.", "Export it again: this was not written by an export.")]);
        }

        switch (_book.StandingTo(entries, last))
        {
            case LedgerStanding.Holds:
                return Moved.Equal;
            case LedgerStanding.HasItsOwn when onConflict != OnConflict.Replace:
                return Moved.Conflict(onConflict, new(
                    ProblemKind.Conflict, "ledger", this.GetPrimaryKeyString(), $"The ledger of {this.GetPrimaryKeyString()} has entries of its own here, up to number {_book.Last}.",
                    "Import with onConflict=skip to keep them, or with replace to have those that are imported."));
        }

        if (!dryRun)
        {
            await Claim();
            await Write(_book.PlanTakingOver(entries, last));
        }

        return Moved.Written;
    }
}
