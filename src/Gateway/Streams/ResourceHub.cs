using Mesh.Core;
using Mesh.Gateway.View;
using Mesh.Xds;
using Mesh.Xds.Resources;
using Mesh.Xds.Translation;

namespace Mesh.Gateway.Streams;

/// <summary>
/// Stands between the view and the streams: keeps the newest resources, and tells each stream of the changes that concern it. It subscribes to the view
/// once; a change costs as much as there are streams that want it.
/// </summary>
public sealed class ResourceHub : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ResourceKey, HashSet<IResourceWatcher>> _watchers = [];
    private readonly Dictionary<ServiceId, HashSet<ResourceKey>> _keys = [];
    private readonly ReachWatchers[] _all = [.. ResourceTypes.InOrder.Select(static _ => new ReachWatchers())];
    private readonly ReachWatchers _allOfIngress = new();
    private readonly Dictionary<ResourceKey, ReachWatchers> _meshRoutes = new()
    {
        [new(ResourceType.Route, ResourceNames.Outbound)] = new(),
        [new(ResourceType.Route, ResourceNames.Ingress)] = new(),
    };

    private readonly IMeshView _view;
    private readonly TimeProvider _time;
    private readonly IDisposable _subscription;
    private volatile MeshResources _resources = MeshResources.Empty;

    /// <summary>Makes the resources of what the view knows, and follows it from then on.</summary>
    public ResourceHub(IMeshView view, TimeProvider time)
    {
        _view = view;
        _time = time;
        // The first fold and the changes that arrive during it take turns; folding the same snapshot twice changes nothing.
        lock (_gate)
        {
            _subscription = view.Subscribe(Changed);
            var resources = MeshResources.Empty;
            foreach (var (service, snapshot) in view.Services)
            {
                resources = resources.With(service, snapshot).Next;
            }

            _resources = resources;
        }
    }

    /// <summary>The newest resources.</summary>
    public MeshResources Resources => _resources;

    /// <summary>Completes when the view is ready, and so something may be sent.</summary>
    /// <exception cref="Grpc.Core.RpcException">This gateway is out of touch with the silos; another one may not be.</exception>
    public async Task Ready(CancellationToken cancellationToken)
    {
        if (!await _view.UntilReady(_time, cancellationToken))
        {
            throw Peers.OutOfTouch();
        }
    }

    /// <summary>Tells this watcher of changes to these resources from now on, or to all of the type, and no longer of those.</summary>
    public void Watch(IResourceWatcher watcher, ResourceType type, IReadOnlyList<string> added, IReadOnlyList<string> removed, bool all)
    {
        lock (_gate)
        {
            foreach (var name in added)
            {
                Add(new ResourceKey(type, name), watcher);
            }

            foreach (var name in removed)
            {
                Remove(new ResourceKey(type, name), watcher);
            }

            var watchers = AllOf(type, watcher);
            if (all)
            {
                watchers.Add(watcher);
            }
            else
            {
                watchers.Remove(watcher);
            }
        }
    }

    /// <summary>Forgets a watcher.</summary>
    /// <param name="watcher">Who.</param>
    /// <param name="watched">All that it watches.</param>
    public void Forget(IResourceWatcher watcher, IEnumerable<ResourceKey> watched)
    {
        lock (_gate)
        {
            foreach (var key in watched)
            {
                Remove(key, watcher);
            }

            foreach (var type in ResourceTypes.InOrder)
            {
                AllOf(type, watcher).Remove(watcher);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _subscription.Dispose();

    private void Changed(SnapshotChange change)
    {
        lock (_gate)
        {
            var after = change.After is { } snapshot && change.TraceParent is { } cause ? snapshot with { Cause = cause } : change.After;
            var (next, differs) = _resources.With(change.Service, after, _time.GetUtcNow(), change.TraceParent);
            if (!differs.Any)
            {
                return;
            }

            // First the resources, then the marks: whoever finds a mark finds what it is about.
            _resources = next;
            Tell(differs);
        }
    }

    private void Tell(ResourceChange change)
    {
        if (change.Cluster)
        {
            _all[(int)ResourceType.Cluster].Tell(change.ConcernsClusters, new ResourceKey(ResourceType.Cluster, change.Service.ToString()));
        }

        foreach (var led in change.Led ?? [])
        {
            TellLed(change.Service, led);
        }

        if (change.Endpoints)
        {
            _all[(int)ResourceType.Endpoints].Tell(change.IsWithin, new ResourceKey(ResourceType.Endpoints, change.Service.ToString()));
        }

        if (change.Routes)
        {
            foreach (var (key, watchers) in _meshRoutes)
            {
                watchers.Tell(change.Service, key);
            }

            _all[(int)ResourceType.Route].Tell(change.Service, new ResourceKey(ResourceType.Route, ResourceNames.Outbound));
            _allOfIngress.Tell(change.Service, new ResourceKey(ResourceType.Route, ResourceNames.Ingress));
        }

        foreach (var key in _keys.GetValueOrDefault(change.Service) ?? [])
        {
            var concerned = key.Type switch
            {
                ResourceType.Cluster => change.Cluster,
                ResourceType.Endpoints => change.Endpoints,
                _ => change.Routes,
            };
            if (concerned)
            {
                Tell(key);
            }
        }
    }

    /// <summary>Who has the routes to a service now has the clusters that they lead to, too; they may be there for no other reason.</summary>
    private void TellLed(ServiceId service, ServiceId led)
    {
        foreach (var type in (ResourceType[])[ResourceType.Cluster, ResourceType.Endpoints])
        {
            var key = new ResourceKey(type, led.ToString());
            _all[(int)type].Tell(service, key);
            Tell(key);
        }
    }

    private void Tell(ResourceKey key)
    {
        if (_watchers.TryGetValue(key, out var watchers))
        {
            Tell(watchers, key);
        }
    }

    // All routes are one resource, by the name that fits the role.
    private ReachWatchers AllOf(ResourceType type, IResourceWatcher watcher) =>
        type == ResourceType.Route && watcher.Client.Role == ClientRole.Ingress ? _allOfIngress : _all[(int)type];

    private static void Tell(HashSet<IResourceWatcher> watchers, ResourceKey key)
    {
        foreach (var watcher in watchers)
        {
            watcher.Mark(key);
        }
    }

    private void Add(ResourceKey key, IResourceWatcher watcher)
    {
        if (_meshRoutes.TryGetValue(key, out var whole))
        {
            whole.Add(watcher);
            return;
        }

        if (!_watchers.TryGetValue(key, out var watchers))
        {
            _watchers.Add(key, watchers = []);
            if (ResourceNames.ServiceOf(key.Type, key.Name) is { } service)
            {
                (_keys.TryGetValue(service, out var keys) ? keys : _keys[service] = []).Add(key);
            }
        }

        watchers.Add(watcher);
    }

    private void Remove(ResourceKey key, IResourceWatcher watcher)
    {
        if (_meshRoutes.TryGetValue(key, out var whole))
        {
            whole.Remove(watcher);
            return;
        }

        if (!_watchers.TryGetValue(key, out var watchers) || !watchers.Remove(watcher) || watchers.Count > 0)
        {
            return;
        }

        _watchers.Remove(key);
        if (ResourceNames.ServiceOf(key.Type, key.Name) is { } service && _keys.TryGetValue(service, out var keys) && keys.Remove(key) && keys.Count == 0)
        {
            _keys.Remove(service);
        }
    }
}

/// <summary>One resource by type and name.</summary>
public readonly record struct ResourceKey(ResourceType Type, string Name);

/// <summary>Who wants to know when resources change.</summary>
public interface IResourceWatcher
{
    /// <summary>Decides what a wildcard means to it, and whereto it is sent routes. It must not change while it watches anything.</summary>
    ClientProfile Client => ClientProfile.Unknown;

    /// <summary>A resource changed. Called on the view's writer, under the hub's lock: it must only take note.</summary>
    void Mark(ResourceKey key);
}
