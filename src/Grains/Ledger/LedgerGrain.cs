using System.Collections.Immutable;
using System.Globalization;
using Mesh.Contracts;
using Mesh.Contracts.Move;
using Mesh.Core.Ledger;
using Mesh.Grains.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Mesh.Grains.Ledger;

/// <summary>
/// One service's ledger on disk: the rows of <see cref="LedgerBook"/>, which decides everything.
/// </summary>
/// <remarks>
/// <para>A grain of its own beside the service's, because it has rows of its own to read when it wakes, and a service that nothing
/// happens to never needs it.</para>
/// <para>Not reentrant: an append numbers its entries and writes its rows before the next begins. Its caller joins what comes up meanwhile
/// into one append. The first append of an activation takes the ledger over from any other that may still live (<see cref="LedgerBook.PlanClaim"/>). Reads interleave, for they are answered from memory, where only what is on disk can be seen.</para>
/// </remarks>
public sealed partial class LedgerGrain : Grain, ILedgerGrain, ILedgerMoveGrain
{
    private readonly Dictionary<(LedgerRing Ring, int Slot), Durable<LedgerSegment>> _rows = [];
    private readonly TimeProvider _time;
    private readonly ILogger<LedgerGrain> _log;
    private readonly LedgerBook _book = new();
    private readonly string _claim;
    private bool _claimed;
    private IGrainTimer? _dropping;

    /// <summary>Made by the runtime.</summary>
    public LedgerGrain(TimeProvider time, IChance chance, ILogger<LedgerGrain> log)
    {
        (_time, _log) = (time, log);
        _claim = string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow().UtcTicks:x}-{(long)(chance.Roll() * long.MaxValue):x}");
    }

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var storage = ServiceProvider.GetRequiredKeyedService<IGrainStorage>(MeshLimits.StorageName);
        var grain = this.GetGrainId();
        var reads = new List<Task>();
        foreach (var ring in Enum.GetValues<LedgerRing>())
        {
            for (var slot = 0; slot < LedgerBook.Slots(ring); slot++)
            {
                var state = new RowState<LedgerSegment>(storage, Name(ring, slot), grain);
                _rows[(ring, slot)] = new Durable<LedgerSegment>(state, DeactivateOnIdle)
                {
                    IsNothing = static segment => segment is { Entries.Length: 0, Last: 0, Claim: null },
                    IsOurs = static (attempted, found) => Same(attempted, found),
                };
                reads.Add(state.ReadStateAsync());
            }
        }

        await Task.WhenAll(reads);
        foreach (var ((ring, slot), row) in _rows)
        {
            _book.Put(new(ring, slot, row.Value));
        }
    }

    /// <inheritdoc/>
    public async Task<ImmutableArray<LedgerEntry>> Append(ImmutableArray<LedgerEntry> entries)
    {
        await Claim();
        var (rows, entered) = _book.Plan(entries);
        await Write(rows);
        return entered;
    }

    private async Task Claim()
    {
        if (!_claimed)
        {
            await Write(_book.PlanClaim(_claim));
            _claimed = true;
        }
    }

    /// <inheritdoc/>
    public Task<LedgerPage> Read(LedgerQuery query)
    {
        if (_book.Last == 0)
        {
            // Whoever asks for names that nobody has registered shall not fill the memory.
            DeactivateOnIdle();
        }

        return Task.FromResult(_book.Read(query));
    }

    /// <inheritdoc/>
    public Task ServiceGone()
    {
        // A restart of the silo in the meantime forgets this; the rows then stay until the service has come and gone once more.
        _dropping ??= this.RegisterGrainTimer(
            Drop, new GrainTimerCreationOptions(MeshLimits.LedgerOutlivesService, MeshLimits.LedgerOutlivesService) { KeepAlive = true });
        DelayDeactivation(MeshLimits.LedgerOutlivesService + TimeSpan.FromMinutes(1));
        return Task.CompletedTask;
    }

    private async Task Drop(CancellationToken cancellationToken)
    {
        try
        {
            var service = GrainFactory.GetGrain<IServiceGrain>(this.GetPrimaryKeyString());
            if (await service.GetSnapshot() is null)
            {
                await Write(_book.PlanForgetting());
                await GrainFactory.GetGrain<IReportArchiveGrain>(this.GetPrimaryKeyString()).Forget();
            }

            _dropping?.Dispose();
            _dropping = null;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            GrainMetrics.Faulted("ledger");
            _log.LogWarning(e, "The ledger of {Service}, which has gone, could not be dropped; it is tried again", this.GetPrimaryKeyString());
        }
    }

    private async Task Write(ImmutableArray<LedgerWrite> rows)
    {
        foreach (var row in rows)
        {
            var durable = _rows[(row.Ring, row.Slot)];
            try
            {
                await durable.Change(_ => row.Segment);
            }
            catch
            {
                await Settle(row, durable);
                throw;
            }

            _book.Put(row);
        }
    }

    /// <summary>A write that failed may have happened: the book goes on from what is on disk, or the next activation does.</summary>
    private async Task Settle(LedgerWrite row, Durable<LedgerSegment> durable)
    {
        try
        {
            _book.Put(row with { Segment = await durable.Refresh() });
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _log.LogWarning(e, "The ledger of {Service} could not be read again after a failed write; it starts anew from the disk", this.GetPrimaryKeyString());
            DeactivateOnIdle();
        }
    }

    private static bool Same(LedgerSegment one, LedgerSegment other) =>
        (one.Ordinal, one.Last, one.Claim, one.Entries.Length) == (other.Ordinal, other.Last, other.Claim, other.Entries.Length)
        && one.Entries.Select(Key).SequenceEqual(other.Entries.Select(Key));

    private static (long, string, LedgerKind, DateTimeOffset) Key(LedgerEntry entry) => (entry.Number, entry.EndpointId, entry.Kind, entry.At);

    private static string Name(LedgerRing ring, int slot) =>
        string.Create(CultureInfo.InvariantCulture, $"{(ring == LedgerRing.Deeds ? "ledger" : "ledger-notes")}-{slot:00}");
}
