using System.Collections.Immutable;

namespace Mesh.Grains.Cluster;

/// <summary>One change in a <see cref="ChangeLog{TKey, TValue}"/>.</summary>
/// <param name="Number">Counts up, through all keys.</param>
/// <param name="Key">What changed.</param>
/// <param name="Value">What it is since.</param>
/// <param name="Here">False when it has gone.</param>
internal readonly record struct Change<TKey, TValue>(long Number, TKey Key, TValue Value, bool Here);

/// <summary>Where a reader of a <see cref="ChangeLog{TKey, TValue}"/> stands.</summary>
/// <param name="From">The last number there was when it began to read everything.</param>
/// <param name="After">The number of the last change that it had.</param>
internal readonly record struct ReadMark(long From, long After);

/// <summary>A page of changes.</summary>
/// <param name="Changes">The newest of each key, by number.</param>
/// <param name="Next">Where the reader stands after it.</param>
/// <param name="Anew">Whether this begins a reading of everything: whatever is not repeated is gone.</param>
/// <param name="More">Whether there is another page.</param>
internal sealed record ChangePage<TKey, TValue>(ImmutableArray<Change<TKey, TValue>> Changes, ReadMark Next, bool Anew, bool More);

/// <summary>
/// What changed since a reader was last here. Only the newest change of each key is kept, so the log is as large as the number of keys however much happens, a
/// reader that was away for long has no more to read than one that never was here, and reading costs by what changed.
/// </summary>
/// <remarks>
/// <para>What has gone is remembered as well, so that readers learn of it, but only so many times; a reader that is older than what was forgotten begins again
/// with everything. Reading everything takes pages, between which changes go on; what changed meanwhile is found in a later page.</para>
/// <para>Rejected: a queue for each reader, which must be bounded and then loses what matters; and a version for the whole table, which makes every reader
/// compare all of it for each change.</para>
/// <para>Not thread-safe. No clock and no chance in it.</para>
/// </remarks>
/// <param name="gone">How many that have gone are remembered at least.</param>
internal sealed class ChangeLog<TKey, TValue>(int gone)
    where TKey : notnull
{
    private readonly Dictionary<TKey, Change<TKey, TValue>> _newest = [];

    // By number. Holds outdated changes too, at most as many as there are keys and some.
    private readonly List<Change<TKey, TValue>> _log = [];
    private int _gone;
    private long _forgotten;

    /// <summary>The number of the last change.</summary>
    public long Last { get; private set; }

    /// <summary>How many keys are kept, those that have gone among them.</summary>
    public int Count => _newest.Count;

    /// <summary>How many entries are kept, those outdated among them.</summary>
    public int Length => _log.Count;

    /// <summary>The newest of a key, if it is here.</summary>
    public bool TryGet(TKey key, out TValue value)
    {
        var found = _newest.TryGetValue(key, out var change) && change.Here;
        value = change.Value;
        return found;
    }

    /// <summary>Enters a key or changes it.</summary>
    public void Put(TKey key, TValue value) => Append(key, value, here: true);

    /// <summary>Takes a key away; nothing happens when it is not here.</summary>
    public void Remove(TKey key)
    {
        if (TryGet(key, out var value))
        {
            Append(key, value, here: false);
        }
    }

    /// <summary>Reads a page.</summary>
    /// <param name="since">Where the reader stands; null for one that is new.</param>
    /// <param name="limit">Changes at most; at least 1.</param>
    public ChangePage<TKey, TValue> Read(ReadMark? since, int limit)
    {
        var anew = since is not { } mark || mark.After > Last || Math.Max(mark.From, mark.After) < _forgotten;
        var (from, after) = anew ? (Last, 0) : (since!.Value.From, since.Value.After);
        var changes = ImmutableArray.CreateBuilder<Change<TKey, TValue>>();
        var at = FirstAfter(after);
        for (; at < _log.Count && changes.Count < limit; at++)
        {
            // Of what went before a reading of everything began, the reader was never told in it.
            if (IsNewest(_log[at]) && (_log[at].Here || _log[at].Number > from))
            {
                changes.Add(_log[at]);
            }
        }

        return new(changes.ToImmutable(), new(from, at < _log.Count ? _log[at - 1].Number : Last), anew, at < _log.Count);
    }

    private void Append(TKey key, TValue value, bool here)
    {
        var wasGone = _newest.TryGetValue(key, out var before) && !before.Here;
        _gone += (here ? 0 : 1) - (wasGone ? 1 : 0);
        var change = new Change<TKey, TValue>(++Last, key, value, here);
        _newest[key] = change;
        _log.Add(change);
        if (_log.Count > 2 * _newest.Count + 64 || _gone > 2 * Math.Max(gone, _newest.Count - _gone))
        {
            Compact();
        }
    }

    /// <summary>Drops what is outdated, and of those gone the oldest. It costs what was entered since the last time.</summary>
    private void Compact()
    {
        var forget = _gone - Math.Max(gone, _newest.Count - _gone);
        _log.RemoveAll(change =>
        {
            if (!IsNewest(change))
            {
                return true;
            }

            if (change.Here || forget-- <= 0)
            {
                return false;
            }

            _newest.Remove(change.Key);
            _gone--;
            _forgotten = change.Number;
            return true;
        });
    }

    private bool IsNewest(Change<TKey, TValue> change) => _newest.TryGetValue(change.Key, out var newest) && newest.Number == change.Number;

    private int FirstAfter(long number)
    {
        var (low, high) = (0, _log.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _log[middle].Number > number ? (low, middle) : (middle + 1, high);
        }

        return low;
    }
}
