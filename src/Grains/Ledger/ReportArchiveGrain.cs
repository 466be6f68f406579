using System.Collections.Immutable;
using System.Globalization;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Replay;
using Mesh.Grains.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Mesh.Grains.Ledger;

/// <summary>
/// One service's recording on disk: a head that says which rows there are, and a ring of rows, each some minutes long. It keeps the row in
/// memory that it fills, and no other: a mesh of a thousand services must not hold a thousand recordings for a replay that nobody asks for.
/// </summary>
/// <remarks>
/// A new row is announced in the head before it is written. After a crash between the two the slot holds an older row; its ordinal tells.
/// Rejected: one row for everything (each append would rewrite a megabyte), and a file beside the storage (the Cluster edition has none).
/// </remarks>
public sealed class ReportArchiveGrain : Grain, IReportArchiveGrain
{
    /// <summary>Rows of the ring.</summary>
    public const int Slots = 16;

    private readonly Durable<ArchiveHead> _head;
    private readonly GrainSettings _settings;
    private readonly TimeProvider _time;
    private Durable<ArchiveRow>? _row;

    /// <summary>Made by the runtime.</summary>
    public ReportArchiveGrain(
        [PersistentState("reports", MeshLimits.StorageName)] IPersistentState<ArchiveHead> head, GrainSettings settings, TimeProvider time)
    {
        _head = new Durable<ArchiveHead>(head, DeactivateOnIdle) { IsNothing = static row => row.Current == 0 };
        (_settings, _time) = (settings, time);
    }

    private ArchiveHead Head => _head.Value;

    /// <inheritdoc/>
    public async Task Append(ImmutableArray<ReportBlock> blocks)
    {
        foreach (var block in blocks)
        {
            var row = await Current();
            if (row is null || IsFull(row.Value, block))
            {
                row = await Begin(block);
            }

            if (!row.Value.Has(block))
            {
                await row.Change(held => held with { Ordinal = Head.Current, Blocks = [.. held.Blocks, block] });
            }
        }
    }

    /// <inheritdoc/>
    public async Task<ImmutableArray<ReportBlock>> Read(DateTimeOffset since)
    {
        var oldest = _time.GetUtcNow() - _settings.ReportArchive;
        var from = since > oldest ? since : oldest;
        var found = ImmutableArray.CreateBuilder<ReportBlock>();
        for (var ordinal = Head.Oldest; ordinal <= Head.Current && Head.Current > 0; ordinal++)
        {
            // A row ends where the next begins: one that ended before it is wanted need not be read.
            var next = (int)(ordinal - Head.Oldest) + 1;
            if (next < Head.Begun.Length && Head.Begun[next] < from)
            {
                continue;
            }

            var row = ordinal == Head.Current && await Current() is { } current ? current.Value : await ReadRow(ordinal);
            found.AddRange(row.Blocks.Where(block => block.To >= from));
        }

        return found.DrainToImmutable();
    }

    /// <inheritdoc/>
    public async Task Forget()
    {
        for (var ordinal = Head.Oldest; ordinal <= Head.Current && Head.Current > 0; ordinal++)
        {
            var (state, row) = Open(ordinal);
            await state.ReadStateAsync();
            await row.Change(_ => new ArchiveRow());
        }

        await _head.Change(_ => new ArchiveHead());
        _row = null;
    }

    /// <summary>Full by bytes, or by time, so that rows that are too old can go.</summary>
    private bool IsFull(ArchiveRow row, ReportBlock next) =>
        !row.Blocks.IsEmpty && !row.Has(next)
        && (row.Bytes + next.Data.Length > _settings.ReportArchiveBytes / Slots
            || next.To - Head.Begun[^1] >= _settings.ReportArchive / (Slots - 1)
            || next.From < Head.Begun[^1]);

    private async Task<Durable<ArchiveRow>> Begin(ReportBlock block)
    {
        if (Head.Begun.Length == Slots && block.From - Head.Begun[1] < _settings.ReportArchive)
        {
            GrainMetrics.ArchiveDropped(ServiceId.Parse(this.GetPrimaryKeyString()));
        }

        await _head.Change(head => head.Next(block.From, Slots));
        var (state, row) = Open(Head.Current);
        await state.ReadStateAsync();
        await row.Change(_ => new ArchiveRow { Ordinal = Head.Current });
        return _row = row;
    }

    private async Task<Durable<ArchiveRow>?> Current()
    {
        if (_row is null && Head.Current > 0)
        {
            var (state, row) = Open(Head.Current);
            await state.ReadStateAsync();
            if (row.Value.Ordinal != Head.Current)
            {
                await row.Change(_ => new ArchiveRow { Ordinal = Head.Current });
            }

            _row = row;
        }

        return _row;
    }

    private async Task<ArchiveRow> ReadRow(long ordinal)
    {
        var (state, row) = Open(ordinal);
        await state.ReadStateAsync();
        return row.Value.Ordinal == ordinal ? row.Value : new ArchiveRow();
    }

    private (RowState<ArchiveRow> State, Durable<ArchiveRow> Row) Open(long ordinal)
    {
        var storage = ServiceProvider.GetRequiredKeyedService<IGrainStorage>(MeshLimits.StorageName);
        var name = string.Create(CultureInfo.InvariantCulture, $"reports-{ordinal % Slots:00}");
        var state = new RowState<ArchiveRow>(storage, name, this.GetGrainId());
        return (state, new Durable<ArchiveRow>(state, DeactivateOnIdle)
        {
            IsNothing = static row => row.Ordinal == 0,
            IsOurs = static (attempted, found) => attempted.Ordinal == found.Ordinal && attempted.Blocks.Length == found.Blocks.Length,
        });
    }
}
