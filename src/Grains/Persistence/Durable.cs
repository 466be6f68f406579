using System.Runtime.CompilerServices;
using Mesh.Core.Formats;
using Orleans.Runtime;
using Orleans.Storage;

namespace Mesh.Grains.Persistence;

/// <summary>
/// A grain's state on disk, changed by pure functions. Changes that arrive while a write is under way wait together and share the next
/// one (group commit), so that 64 registrations in flight cost one write and not 64.
/// </summary>
/// <remarks>
/// <para>What a caller is told is on disk: <see cref="Change"/> returns after the write that holds its change.
/// <see cref="Value"/> is what was last known to be there; it never runs ahead.</para>
/// <para>A write that failed may have happened, so the row is read again before anything else is done with it. If it has the ETag that it
/// had before, nothing happened, and the grain goes on. If not, somebody has written: this activation, or another that has taken over
/// from it. To write on top of a successor with what was decided before it came would lose what the successor has acknowledged; so
/// unless the row can only be this activation's own, it makes way, for good, and the next activation starts from the disk.</para>
/// <para>Rejected: changing the state in place and undoing it on failure, which cannot tell its own change from those that wait behind
/// it; and making way after every failure, which takes a service's snapshot from its readers for as long as the storage is away.</para>
/// <para>One grain's scheduler runs everything here, so nothing is locked.</para>
/// </remarks>
/// <param name="storage">The row, as the runtime injects it.</param>
/// <param name="makeWay">Deactivates the grain.</param>
internal sealed class Durable<TRow>(IPersistentState<TRow> storage, Action makeWay)
    where TRow : class, IRow<TRow>, new()
{
    private TRow? _confirmed;
    private Attempt? _inDoubt;
    private bool _gone;
    private bool _writing;
    private List<Func<TRow, TRow>>? _waiting;
    private Task _last = Task.CompletedTask;

    /// <summary>Which rows need not be kept: they are cleared instead of written. None, by default.</summary>
    public Func<TRow, bool> IsNothing { get; init; } = _ => false;

    /// <summary>Whether a row that was found (second) after an attempt (first) can only be that attempt. Never sure, by default.</summary>
    public Func<TRow, TRow, bool> IsOurs { get; init; } = (_, _) => false;

    /// <summary>How often the disk has shown that the row is still this activation's.</summary>
    public long Confirmations { get; private set; }

    /// <summary>What is on disk as far as is known. Not before the runtime has read it, which it has when OnActivateAsync runs.</summary>
    /// <exception cref="RowFormatException">A newer program has written it.</exception>
    public TRow Value => _confirmed ??= Read();

    /// <summary>Applies a change and returns when it is on disk; a change that returns the very row it was given writes nothing.</summary>
    /// <param name="change">Runs once, perhaps later, on the newest row. It must be pure: an exception in it fails all that share the write.</param>
    /// <exception cref="InconsistentStateException">Another activation may have taken over; ask again, and that one answers.</exception>
    public async Task<TResult> Change<TResult>(Func<TRow, (TRow Row, TResult Result)> change)
    {
        var result = new StrongBox<TResult>();
        if (_waiting is null)
        {
            _waiting = [];
            _last = Write(_waiting, _last);
        }

        _waiting.Add(Apply);
        await _last;
        return result.Value!;

        TRow Apply(TRow row)
        {
            (row, result.Value) = change(row);
            return row;
        }
    }

    /// <summary>Applies a change that has nothing to say.</summary>
    public Task Change(Func<TRow, TRow> change) => Change(row => (change(row), true));

    /// <summary>Returns when it is known what is on disk: at once, unless a write has failed and nobody could look since.</summary>
    public Task Settled() => (_inDoubt is not null && !_writing) || _gone ? Refresh() : Task.CompletedTask;

    /// <summary>The row, read again if there is doubt about it.</summary>
    public Task<TRow> Refresh() => _inDoubt is not null || _gone || _waiting is not null ? Change(row => (row, row)) : Task.FromResult(Value);

    /// <summary>
    /// Returns when the row on disk is known to be the one that is here. Who answers that nothing needs to be done says so of what is on disk, and an activation that has been replaced
    /// without knowing would say it of what was.
    /// </summary>
    /// <exception cref="InconsistentStateException">Another activation has taken over.</exception>
    public Task Confirm()
    {
        _inDoubt ??= new Attempt(Value, storage.Etag);
        return Refresh();
    }

    private async Task Write(List<Func<TRow, TRow>> changes, Task before)
    {
        // The batch stays open until its turn comes: whoever runs on this grain until then joins it.
        await Task.Yield();
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        _waiting = null;
        await Settle();
        var next = changes.Aggregate(Value, (row, change) => change(row));
        if (ReferenceEquals(next, Value))
        {
            return;
        }

        next = next.InNewest();
        _inDoubt = new Attempt(next, storage.Etag);
        _writing = true;
        try
        {
            storage.State = next;
            await (IsNothing(next) ? storage.ClearStateAsync() : storage.WriteStateAsync());
            _confirmed = next;
            (_inDoubt, _writing) = (null, false);
            Confirmations++;
        }
        catch (Exception e)
        {
            storage.State = Value;
            _writing = false;
            await TrySettle(e);
            throw;
        }
    }

    private TRow Read() => storage.State.Format <= TRow.Newest ? storage.State : throw new RowFormatException(typeof(TRow).Name, storage.State.Format, TRow.Newest);

    private async Task TrySettle(Exception failure)
    {
        try
        {
            if (failure is InconsistentStateException)
            {
                MakeWay();
            }

            await Settle();
        }
        catch (Exception)
        {
            // The caller gets the reason why the write failed; the doubt stays until the next change.
        }
    }

    private async Task Settle()
    {
        if (_gone)
        {
            throw MakeWay();
        }

        if (_inDoubt is { } attempt)
        {
            await storage.ReadStateAsync();
            if (storage.Etag != attempt.EtagBefore && !IsOurs(attempt.Row, storage.State))
            {
                throw MakeWay();
            }

            _confirmed = Read();
            _inDoubt = null;
            Confirmations++;
        }
    }

    private InconsistentStateException MakeWay()
    {
        _gone = true;
        makeWay();
        return new("Another activation may have taken over; this one makes way.");
    }

    private sealed record Attempt(TRow Row, string? EtagBefore);
}
