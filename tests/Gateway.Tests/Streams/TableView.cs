using System.Collections.Immutable;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Policies;
using Mesh.Core.Routing;
using Mesh.Core.Snapshots;
using Mesh.Gateway.View;
using SnapshotChange = Mesh.Gateway.View.SnapshotChange;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>A mesh in a table: what a test sets is what the view shows, and subscribers are told before the setter returns.</summary>
internal sealed class TableView : IMeshView
{
    private readonly Lock _gate = new();
    private ImmutableArray<Action<SnapshotChange>> _subscribers = [];
    private long _number;

    public ImmutableSortedDictionary<ServiceId, ServiceSnapshot> Services { get; private set; } =
        ImmutableSortedDictionary<ServiceId, ServiceSnapshot>.Empty;

    public bool Ready
    {
        get
        {
            Interlocked.Increment(ref Looks);
            return field;
        }
        set;
    } = true;

    /// <summary>How often somebody has asked for a service, or whether all are known.</summary>
    public int Looks;

    public int Refreshes;

    public static EndpointSnapshot Endpoint(string id, string address, int port, HealthStatus status = HealthStatus.Healthy) =>
        new() { Id = id, Address = address, Port = port, Weight = 100, Status = status };

    public ServiceSnapshot? Find(ServiceId service)
    {
        Interlocked.Increment(ref Looks);
        return Services.GetValueOrDefault(service);
    }

    public ServiceSnapshot Set(string service, params IEnumerable<EndpointSnapshot> endpoints) =>
        Set(service, TrafficPolicy.Default, endpoints);

    public ServiceSnapshot Set(string service, TrafficPolicy policy, IEnumerable<EndpointSnapshot> endpoints, string? cause = null, ServiceRouting? routing = null)
    {
        lock (_gate)
        {
            var snapshot = new ServiceSnapshot
            {
                Service = ServiceId.Parse(service),
                Version = new(1, ++_number),
                Endpoints = [.. endpoints.OrderBy(e => e.Id, StringComparer.Ordinal)],
                Policy = policy,
                Routing = routing,
                At = DateTimeOffset.UtcNow,
                Cause = cause,
            };
            var before = Find(snapshot.Service);
            Services = Services.SetItem(snapshot.Service, snapshot);
            Tell(new SnapshotChange(snapshot.Service, before, snapshot, cause));
            return snapshot;
        }
    }

    public void SetStatus(string service, string endpoint, HealthStatus status)
    {
        var before = Find(ServiceId.Parse(service))!;
        Set(service, before.Policy, before.Endpoints.Select(e => e.Id == endpoint ? e with { Status = status } : e));
    }

    public void Remove(string service)
    {
        lock (_gate)
        {
            var id = ServiceId.Parse(service);
            var before = Find(id);
            Services = Services.Remove(id);
            Tell(new SnapshotChange(id, before, null, null));
        }
    }

    public IDisposable Subscribe(Action<SnapshotChange> onChange)
    {
        lock (_gate)
        {
            _subscribers = _subscribers.Add(onChange);
        }

        return new Nothing();
    }

    public Task Refresh(ServiceId service, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref Refreshes);
        return Task.CompletedTask;
    }

    private void Tell(SnapshotChange change)
    {
        foreach (var subscriber in _subscribers)
        {
            subscriber(change);
        }
    }

    private sealed class Nothing : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
