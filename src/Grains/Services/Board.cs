using System.Diagnostics;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Routing;
using Mesh.Core.Snapshots;
using Mesh.Core.Verdicts;

namespace Mesh.Grains.Services;

/// <summary>
/// What a service knows of its endpoints, and the snapshot that is made of it: compiled when somebody wants it, not for each change, so that
/// many changes in a moment make one version.
/// </summary>
internal sealed class Board(ServiceId service, TimeProvider time)
{
    private readonly SortedDictionary<string, EndpointView> _views = new(StringComparer.Ordinal);
    private readonly HashSet<string> _perhapsEjected = new(StringComparer.Ordinal);
    private ServiceSnapshot? _snapshot;
    private bool _dirty;
    private string? _cause;

    public int Count => _views.Count;

    /// <summary>The snapshot that was compiled last, as old as it may be.</summary>
    public ServiceSnapshot? Last => _snapshot;

    /// <summary>All endpoints as they say of themselves, ordered by id; their weights do not follow the load yet.</summary>
    public IEnumerable<EndpointSnapshot> Endpoints => _views.Values.Select(view => view.Endpoint);

    public EndpointView? Find(string endpointId) => _views.GetValueOrDefault(endpointId);

    /// <summary>How the service stands for the budget. Who may have been ejected counts as ejected.</summary>
    public EjectionTally Tally(TrafficPolicy policy) => Standing.Of(
        _views.Values.Select(view => _perhapsEjected.Contains(view.Endpoint.Id) ? view.Endpoint with { Status = HealthStatus.Ejected } : view.Endpoint), policy);

    /// <summary>Whether requests go to it, as far as is known.</summary>
    public bool InRotation(string endpointId) => Find(endpointId) is { Endpoint.InRotation: true };

    /// <summary>Notes that an ejection was tried and nobody knows whether it is on disk; it holds until the endpoint is seen again.</summary>
    public void MayBeEjected(string endpointId) => _perhapsEjected.Add(endpointId);

    /// <summary>Takes an endpoint's newest view, or null when it is gone; true when that is visible downstream.</summary>
    public bool Put(string endpointId, EndpointView? view)
    {
        var before = Find(endpointId);
        _perhapsEjected.Remove(endpointId);
        if (view is not null)
        {
            _views[endpointId] = view;
        }
        else
        {
            _views.Remove(endpointId);
        }

        return before is null || view is null ? before != view && Touch()
            : !SnapshotEquality.Same(before.Endpoint, view.Endpoint) && Touch();
    }

    /// <summary>Notes that something visible changed, and what caused it: of several causes the first is kept.</summary>
    public bool Touch()
    {
        _dirty = true;
        _cause ??= Activity.Current?.Id;
        return true;
    }

    /// <summary>The snapshot of all that was noted until now; null before the first.</summary>
    /// <param name="policy">The policy in force.</param>
    /// <param name="routing">The routing in force; null when there is none.</param>
    /// <param name="epoch">The epoch of this activation.</param>
    /// <param name="weigh">Puts on an endpoint what of its weight is the service's affair.</param>
    public ServiceSnapshot? Current(TrafficPolicy policy, ServiceRouting? routing, long epoch, Func<EndpointSnapshot, EndpointSnapshot> weigh)
    {
        if (_dirty)
        {
            _snapshot = SnapshotCompiler.Compile(
                service, Endpoints.Select(weigh), policy, _snapshot, epoch, time.GetUtcNow(), _cause, routing);
            _dirty = false;
            _cause = null;
        }

        return _snapshot;
    }
}
