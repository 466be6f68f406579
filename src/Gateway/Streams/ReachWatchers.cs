using Mesh.Core;
using Mesh.Xds.Translation;

namespace Mesh.Gateway.Streams;

/// <summary>
/// Who watches something of all services within a reach: a wildcard, or the mesh's routes. Kept by reach, so that a change costs a look at each reach that there
/// is, and of those who have it at nobody whom it does not concern. Not thread-safe.
/// </summary>
internal sealed class ReachWatchers
{
    private readonly Dictionary<Reach, HashSet<IResourceWatcher>> _byReach = [];

    public void Add(IResourceWatcher watcher)
    {
        var reach = watcher.Client.Reach;
        (_byReach.TryGetValue(reach, out var watchers) ? watchers : _byReach[reach] = []).Add(watcher);
    }

    public void Remove(IResourceWatcher watcher)
    {
        var reach = watcher.Client.Reach;
        if (_byReach.TryGetValue(reach, out var watchers) && watchers.Remove(watcher) && watchers.Count == 0)
        {
            _byReach.Remove(reach);
        }
    }

    /// <summary>Tells those whose reach includes the service.</summary>
    public void Tell(ServiceId service, ResourceKey key) => Tell(reach => reach.Includes(service), key);

    /// <summary>Tells those with such a reach.</summary>
    public void Tell(Func<Reach, bool> concerned, ResourceKey key)
    {
        foreach (var (reach, watchers) in _byReach)
        {
            if (!concerned(reach))
            {
                continue;
            }

            foreach (var watcher in watchers)
            {
                watcher.Mark(key);
            }
        }
    }
}
