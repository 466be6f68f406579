using System.Collections.Immutable;
using Mesh.Core;

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

    /// <summary>A service was read.</summary>
    /// <param name="service">Which.</param>
    /// <param name="next">When to watch it anew; null when it was only read.</param>
    /// <param name="exists">Whether its grain has a snapshot.</param>
    public void Read(ServiceId service, DateTimeOffset? next, bool exists)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(service, out var entry))
            {
                if (!exists)
                {
                    return;
                }

                _entries[service] = entry = new Entry();
                _unread++;
            }

            if (!entry.WasRead)
            {
                entry.WasRead = true;
                _unread--;
            }

            entry.Failures = 0;
            entry.WatchDue = next ?? entry.WatchDue;
            entry.ReadDue = next ?? entry.ReadDue;
            if (!exists && !entry.Listed)
            {
                _entries.Remove(service);
            }
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
    }
}
