using System.Collections.Immutable;
using Mesh.Core;
using Mesh.Core.Snapshots;

namespace Mesh.Gateway.View;

/// <summary>
/// Which services are followed, and when each is to be read again. A service is followed while the catalog lists it, and after that
/// until its grain says that there is nothing left: the two are written one after the other, so either may be seen first.
/// </summary>
/// <param name="patience">After how many failures in a row a service that was never read no longer holds up the others.</param>
internal sealed class Roster(int patience)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ServiceId, Entry> _entries = [];
    private int _unread;

    /// <summary>
    /// Whether everything that is followed has been read at least once, but for a few that cannot be: one broken service must not keep
    /// the whole mesh from its configuration. When half of them cannot be read it is not they who are broken, and everybody waits.
    /// </summary>
    public bool AllRead
    {
        get
        {
            lock (_gate)
            {
                return _unread == 0 || (_unread * 2 < _entries.Count && _entries.Values.All(entry => entry.WasRead || entry.Failures >= patience));
            }
        }
    }

    /// <summary>Takes in what one shard lists now; answers with those that are to be read at once: the new ones and the delisted.</summary>
    /// <param name="before">What it listed the last time.</param>
    /// <param name="now">What it lists now.</param>
    /// <param name="next">When to read the new ones again, if reading them at once comes to nothing.</param>
    public ImmutableArray<ServiceId> List(ImmutableArray<ServiceId> before, ImmutableArray<ServiceId> now, DateTimeOffset next)
    {
        var delisted = before.Except(now).ToImmutableArray();
        var read = ImmutableArray.CreateBuilder<ServiceId>();
        lock (_gate)
        {
            foreach (var service in now)
            {
                if (!_entries.TryGetValue(service, out var entry))
                {
                    _entries[service] = entry = new Entry { ReadDue = next };
                    _unread++;
                    read.Add(service);
                }

                entry.Listed = true;
            }

            foreach (var service in delisted)
            {
                if (_entries.TryGetValue(service, out var entry))
                {
                    entry.Listed = false;
                    read.Add(service);
                }
            }
        }

        return read.ToImmutable();
    }

    /// <summary>Whether a service is to be watched anew, not only read.</summary>
    public bool WatchDue(ServiceId service, DateTimeOffset now)
    {
        lock (_gate)
        {
            return !_entries.TryGetValue(service, out var entry) || entry.WatchDue <= now;
        }
    }

    /// <summary>Those whose time has come. Each is named once for each period, whatever becomes of reading it: failures have their own retry.</summary>
    public List<ServiceId> Due(DateTimeOffset now, TimeSpan period)
    {
        List<ServiceId> due = [];
        lock (_gate)
        {
            foreach (var (service, entry) in _entries)
            {
                if (entry.ReadDue <= now)
                {
                    entry.ReadDue = now + period;
                    due.Add(service);
                }
            }
        }

        return due;
    }

    /// <summary>A silo says that it has this service; answers with what that means for this gateway.</summary>
    /// <param name="service">Which.</param>
    /// <param name="version">At least this.</param>
    /// <param name="shown">The version that this gateway shows; null when none.</param>
    public NewsMeaning Heard(ServiceId service, SnapshotVersion version, SnapshotVersion? shown)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(service, out var entry))
            {
                return shown >= version ? NewsMeaning.Current : NewsMeaning.Behind;
            }

            entry.Wanted = version > entry.Wanted ? version : entry.Wanted;
            if (!entry.WasRead)
            {
                // The pull that lists it brings it.
                return NewsMeaning.Current;
            }

            if (version.Epoch > entry.WatchedEpoch)
            {
                // Another activation than the one that is watched, so it knows nobody.
                entry.WatchDue = DateTimeOffset.MinValue;
                return NewsMeaning.Moved;
            }

            return shown >= version ? NewsMeaning.Current : NewsMeaning.Behind;
        }
    }

    /// <summary>Nobody knows whether the service is still watched; answers whether it is followed.</summary>
    public bool WatchAnew(ServiceId service)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(service, out var entry))
            {
                entry.WatchDue = DateTimeOffset.MinValue;
            }

            return entry is not null;
        }
    }

    /// <summary>A service was read.</summary>
    /// <param name="service">Which.</param>
    /// <param name="next">When to watch it anew; null when it was only read.</param>
    /// <param name="version">Of its snapshot; null when its grain has none.</param>
    /// <returns>Whether it is not what a silo has told of: an activation that another one has followed has answered. After a few of these in a row no more.</returns>
    public bool Read(ServiceId service, DateTimeOffset? next, SnapshotVersion? version)
    {
        lock (_gate)
        {
            var exists = version is not null;
            if (!_entries.TryGetValue(service, out var entry))
            {
                if (!exists)
                {
                    return false;
                }

                _entries[service] = entry = new Entry();
                _unread++;
            }

            if (!entry.WasRead)
            {
                entry.WasRead = true;
                _unread--;
            }

            entry.WatchDue = next ?? entry.WatchDue;
            entry.ReadDue = next ?? entry.ReadDue;
            entry.WatchedEpoch = next is null ? entry.WatchedEpoch : version?.Epoch ?? entry.WatchedEpoch;
            if (version < entry.Wanted && entry.Failures < patience)
            {
                entry.WatchDue = DateTimeOffset.MinValue;
                return true;
            }

            entry.Wanted = default;
            entry.Failures = 0;
            if (!exists && !entry.Listed)
            {
                _entries.Remove(service);
            }

            return false;
        }
    }

    /// <summary>Reading a service failed; answers how often in a row, 0 when it is not followed.</summary>
    public int Failed(ServiceId service)
    {
        lock (_gate)
        {
            return _entries.TryGetValue(service, out var entry) ? ++entry.Failures : 0;
        }
    }

    private sealed class Entry
    {
        public bool Listed { get; set; }

        public bool WasRead { get; set; }

        public DateTimeOffset WatchDue { get; set; } = DateTimeOffset.MinValue;

        public DateTimeOffset ReadDue { get; set; } = DateTimeOffset.MinValue;

        public int Failures { get; set; }

        /// <summary>The epoch of the activation that knows this gateway as a watcher; 0 for none.</summary>
        public long WatchedEpoch { get; set; }

        /// <summary>What a silo has told of, until it is read.</summary>
        public SnapshotVersion Wanted { get; set; }
    }
}

/// <summary>What it means that a silo has a service in a version.</summary>
internal enum NewsMeaning
{
    /// <summary>It is known.</summary>
    Current,

    /// <summary>A hint was lost, or is on its way.</summary>
    Behind,

    /// <summary>It is an activation that does not know this gateway.</summary>
    Moved,
}
