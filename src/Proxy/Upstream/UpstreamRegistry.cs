using System.Collections.Immutable;
using Mesh.Proxy.Model;

namespace Mesh.Proxy.Upstream;

/// <summary>
/// Where the states live that survive changes of the configuration. The keeper of the configuration is the only one that adds; others read
/// an immutable list. A state that left the configuration stays until nothing of it is in flight or unreported.
/// </summary>
public sealed class UpstreamRegistry : IDisposable
{
    // Looks at an endpoint that left, before what it still had to report is given up.
    private const int PatientSweeps = 120;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _clusters = new(StringComparer.Ordinal);
    private ImmutableArray<ClusterState>? _clusterList;
    private ImmutableArray<EndpointState>? _endpointList;

    /// <summary>All clusters, also those on their way out.</summary>
    public ImmutableArray<ClusterState> Clusters
    {
        get
        {
            lock (_gate)
            {
                return _clusterList ??= [.. _clusters.Values.Select(c => c.State)];
            }
        }
    }

    /// <summary>All endpoints, also those on their way out.</summary>
    public ImmutableArray<EndpointState> Endpoints
    {
        get
        {
            lock (_gate)
            {
                return _endpointList ??= [.. _clusters.Values.SelectMany(c => c.Endpoints.Values)];
            }
        }
    }

    /// <summary>Compiles a cluster with the states that it had before, and marks those of endpoints that left it.</summary>
    public ClusterModel Compile(ClusterConfig config, EndpointsConfig endpoints, Standing standing)
    {
        lock (_gate)
        {
            if (!_clusters.TryGetValue(config.Name, out var entry))
            {
                _clusters[config.Name] = entry = new Entry(new ClusterState(config));
                _clusterList = null;
            }

            entry.Retired = false;
            entry.State.Apply(config);
            foreach (var state in entry.Endpoints.Values)
            {
                state.Retired = true;
            }

            return ClusterModel.Compile(config, endpoints, standing, entry.State, e => StateOf(entry, config, e));
        }
    }

    /// <summary>The cluster left the configuration.</summary>
    public void Retire(string cluster)
    {
        lock (_gate)
        {
            if (_clusters.TryGetValue(cluster, out var entry))
            {
                entry.Retired = true;
                foreach (var state in entry.Endpoints.Values)
                {
                    state.Retired = true;
                }
            }
        }
    }

    /// <summary>Lets go of what left the configuration and has nothing under way; to be called each second or so.</summary>
    public void Sweep()
    {
        lock (_gate)
        {
            foreach (var (name, entry) in _clusters.ToList())
            {
                foreach (var (key, state) in entry.Endpoints.ToList())
                {
                    state.RetiredSweeps = state is { Retired: true, InFlight: 0 } ? state.RetiredSweeps + 1 : 0;
                    if (state.RetiredSweeps >= (state.Reported && !state.Tally.IsEmpty ? PatientSweeps : 1))
                    {
                        entry.Endpoints.Remove(key);
                        _endpointList = null;
                    }
                }

                // A request may just have picked it: it goes at the second look.
                entry.IdleSweeps = entry is { Retired: true, Endpoints.Count: 0, State.Requests: 0 } ? entry.IdleSweeps + 1 : 0;
                if (entry.IdleSweeps >= 2)
                {
                    _clusters.Remove(name);
                    _clusterList = null;
                    entry.State.Dispose();
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var cluster in Clusters)
        {
            cluster.Dispose();
        }
    }

    private EndpointState StateOf(Entry entry, ClusterConfig cluster, EndpointConfig endpoint)
    {
        if (!entry.Endpoints.TryGetValue(endpoint.Key, out var state))
        {
            entry.Endpoints[endpoint.Key] = state = new EndpointState(cluster.Name, endpoint.Key);
            _endpointList = null;
        }

        state.Retired = false;
        state.Reported = cluster.ReportsLoad;
        state.Locality = endpoint.Locality;
        return state;
    }

    private sealed class Entry(ClusterState state)
    {
        public ClusterState State { get; } = state;

        public Dictionary<string, EndpointState> Endpoints { get; } = new(StringComparer.Ordinal);

        public bool Retired { get; set; }

        public int IdleSweeps { get; set; }
    }
}
