using System.Collections.Immutable;
using Mesh.Core;
using Mesh.Core.Ledger;
using Orleans;
using Orleans.Concurrency;

namespace Mesh.Contracts;

/// <summary>
/// What was decided about a service's endpoints, and on what evidence; its key is <see cref="ServiceId"/>'s text. It is bounded: about the
/// last <see cref="LedgerBook.Deeds"/> ejections, returns and the like, and <see cref="LedgerBook.Notes"/> refusals and weight steps.
/// </summary>
[Alias("mesh.ILedgerGrain")]
public interface ILedgerGrain : IGrainWithStringKey
{
    /// <summary>
    /// Enters what was decided; on disk when it returns. An entry with the same endpoint, kind and time as one that is kept is not entered
    /// again, so a caller that does not know whether it succeeded repeats the call.
    /// </summary>
    /// <returns>What was new, with its numbers; they count up for ever.</returns>
    [Alias("Append")]
    Task<ImmutableArray<LedgerEntry>> Append(ImmutableArray<LedgerEntry> entries);

    /// <summary>Answers a query. It never waits for the disk.</summary>
    [AlwaysInterleave]
    [Alias("Read")]
    Task<LedgerPage> Read(LedgerQuery query);

    /// <summary>
    /// The service's hint that it has gone. If it has not come back when <see cref="MeshLimits.LedgerOutlivesService"/> is over, the entries
    /// are dropped; the numbers go on where they were.
    /// </summary>
    [OneWay]
    [Alias("ServiceGone")]
    Task ServiceGone();
}
