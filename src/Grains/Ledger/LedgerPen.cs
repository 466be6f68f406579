using System.Collections.Immutable;
using Mesh.Core;
using Mesh.Core.Ledger;
using Microsoft.Extensions.Logging;

namespace Mesh.Grains.Ledger;

/// <summary>
/// A service's pen: what its grain wants in the ledger. Entries that come up while an append is under way wait and share the next one. A
/// verdict does not fail because its entry could not be written: the entry stays in the pen until the ledger takes it, and if the silo
/// dies first, the ejection is in the endpoint's own row, from where the service enters it again when it wakes.
/// </summary>
/// <param name="service">Whose.</param>
/// <param name="append">Appends; <see cref="Contracts.ILedgerGrain.Append"/>.</param>
/// <param name="tell">Is told what was new, with its numbers.</param>
/// <param name="log">Where failures are told.</param>
internal sealed class LedgerPen(
    ServiceId service,
    Func<ImmutableArray<LedgerEntry>, Task<ImmutableArray<LedgerEntry>>> append,
    Action<ImmutableArray<LedgerEntry>> tell,
    ILogger log)
{
    /// <summary>How many entries may wait; beyond, the oldest is dropped and counted.</summary>
    public const int MostWaiting = 1_024;

    private readonly Queue<LedgerEntry> _waiting = new();
    private Task? _writing;

    /// <summary>How many entries wait to be entered.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Takes entries, and returns when they are on disk or could not be brought there for now. It never throws.</summary>
    public Task Enter(params IEnumerable<LedgerEntry> entries)
    {
        foreach (var entry in entries)
        {
            _waiting.Enqueue(entry);
        }

        while (_waiting.Count > MostWaiting)
        {
            _waiting.Dequeue();
            GrainMetrics.LedgerDropped(service);
        }

        return Flush();
    }

    /// <summary>Tries again what waits; to be called now and then.</summary>
    public Task Flush() => _waiting.Count == 0 && _writing is null ? Task.CompletedTask : _writing ??= Write();

    private async Task Write()
    {
        await Task.Yield();
        try
        {
            while (_waiting.Count > 0)
            {
                var batch = _waiting.ToImmutableArray();
                _waiting.Clear();
                await Append(batch);
            }
        }
        catch (Exception e)
        {
            GrainMetrics.Faulted("ledger");
            log.LogWarning(e, "The ledger of {Service} could not take {Count} entries; it is tried again", service, _waiting.Count);
        }
        finally
        {
            _writing = null;
        }
    }

    private async Task Append(ImmutableArray<LedgerEntry> batch)
    {
        ImmutableArray<LedgerEntry> entered;
        try
        {
            entered = await append(batch);
        }
        catch
        {
            // First come, first written: what came up meanwhile stands behind.
            var later = _waiting.ToArray();
            _waiting.Clear();
            foreach (var entry in batch.Concat(later).TakeLast(MostWaiting))
            {
                _waiting.Enqueue(entry);
            }

            throw;
        }

        if (!entered.IsEmpty)
        {
            tell(entered);
        }
    }
}
