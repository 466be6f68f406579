using System.Runtime.CompilerServices;
using Orleans.Runtime;

namespace Mesh.Grains.Persistence;

/// <summary>
/// A grain's state on disk, changed by pure functions. Changes that arrive while a write is under way wait together and share the next
/// one (group commit), so that 64 registrations in flight cost one write and not 64.
/// </summary>
/// <remarks>
/// <para>What a caller is told is on disk: <see cref="Change"/> returns after the write that holds its change.
/// <see cref="Value"/> is what was last known to be there; it never runs ahead.</para>
/// <para>A write that failed may have happened. All who shared it get the exception, and before the next change the row is read
/// again: what is in memory is then the truth, whichever it is. Rejected: changing the state in place and undoing it on failure, which
/// cannot tell its own change from those that wait behind it; and deactivating on every failure, which takes a service's snapshot from
/// its readers for as long as the storage is away.</para>
/// <para>One grain's scheduler runs everything here, so nothing is locked.</para>
/// </remarks>
/// <param name="storage">The row, as the runtime injects it.</param>
/// <param name="isNothing">Which rows need not be kept: they are cleared instead of written. None, when null.</param>
internal sealed class Durable<TRow>(IPersistentState<TRow> storage, Func<TRow, bool>? isNothing = null)
    where TRow : class, new()
{
    private TRow? _confirmed;
    private bool _doubtful;
    private List<Func<TRow, TRow>>? _waiting;
    private Task _last = Task.CompletedTask;

    /// <summary>What is on disk as far as is known. Not before the runtime has read it, which it has when OnActivateAsync runs.</summary>
    public TRow Value => _confirmed ??= storage.State;

    /// <summary>Applies a change and returns when it is on disk; a change that returns the very row it was given writes nothing.</summary>
    /// <param name="change">Runs once, perhaps later, on the newest row. It must be pure: an exception in it fails all that share the write.</param>
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

    /// <summary>The row, read again if there is doubt about it.</summary>
    public Task<TRow> Refresh() => _doubtful || _waiting is not null ? Change(row => (row, row)) : Task.FromResult(Value);

    private async Task Write(List<Func<TRow, TRow>> changes, Task before)
    {
        // The batch stays open until its turn comes: whoever runs on this grain until then joins it.
        await Task.Yield();
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        _waiting = null;
        if (_doubtful)
        {
            await storage.ReadStateAsync();
            _confirmed = storage.State;
            _doubtful = false;
        }

        var next = changes.Aggregate(Value, (row, change) => change(row));
        if (ReferenceEquals(next, Value))
        {
            return;
        }

        try
        {
            storage.State = next;
            await (isNothing?.Invoke(next) == true ? storage.ClearStateAsync() : storage.WriteStateAsync());
            _confirmed = next;
        }
        catch
        {
            storage.State = Value;
            _doubtful = true;
            throw;
        }
    }
}
