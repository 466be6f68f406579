using System.Collections.Immutable;
using Mesh.Core;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Routing;
using Mesh.Core.Snapshots;
using Orleans;
using Orleans.Concurrency;

namespace Mesh.Contracts;

/// <summary>
/// One service; its key is <see cref="ServiceId"/>'s text. It owns the set of endpoints, the policy and the routing in force, the mesh-wide ejection
/// budget and the snapshot. Answers to changes mean that the change is on disk.
/// </summary>
[Alias("mesh.IServiceGrain")]
public interface IServiceGrain : IGrainWithStringKey
{
    /// <summary>The current snapshot; null when the service has neither endpoints nor a document that binds to it.</summary>
    [AlwaysInterleave]
    [Alias("GetSnapshot")]
    Task<ServiceSnapshot?> GetSnapshot();

    /// <summary>Adds or replaces an endpoint. Repeating it with the same instance id changes nothing but the lease.</summary>
    [Alias("Register")]
    Task<Outcome<EndpointView>> Register(EndpointRegistration registration);

    /// <summary>Removes an endpoint; <see cref="ProblemKind.NotFound"/> when there is none, so that a repeat can be told.</summary>
    /// <param name="endpointId">Which.</param>
    /// <param name="instanceId">When given, removes it only if that instance is the registered one.</param>
    [Alias("Deregister")]
    Task<Outcome<EndpointView>> Deregister(string endpointId, string? instanceId);

    /// <summary>Takes an endpoint out for good: no new requests, until it is restored or another instance registers under its id.</summary>
    [Alias("Drain")]
    Task<Outcome<EndpointView>> Drain(string endpointId);

    /// <summary>Ejects an endpoint by hand, past the budget; it returns by the same way as any ejected one.</summary>
    /// <param name="endpointId">Which.</param>
    /// <param name="duration">How long; null for the policy's base ejection time.</param>
    /// <param name="reason">For people; null when none was given.</param>
    [Alias("Eject")]
    Task<Outcome<EndpointView>> Eject(string endpointId, TimeSpan? duration, string? reason);

    /// <summary>Ends an ejection or a draining at once, and forgets its history.</summary>
    [Alias("Restore")]
    Task<Outcome<EndpointView>> Restore(string endpointId);

    /// <summary>Judges what proxies saw. Verdicts are on disk and in the snapshot when it returns.</summary>
    [Alias("Report")]
    Task<ReportAnswer> Report(ServiceReport report);

    /// <summary>Puts a policy in force; <see cref="ProblemKind.Conflict"/> when another document already binds to this service.</summary>
    [Alias("BindPolicy")]
    Task<Outcome<SnapshotVersion>> BindPolicy(PolicyKey key, long version, TrafficPolicy policy);

    /// <summary>Sends requests for the service's host names where this says; <see cref="ProblemKind.Conflict"/> as with <see cref="BindPolicy"/>.</summary>
    [Alias("BindRouting")]
    Task<Outcome<SnapshotVersion>> BindRouting(PolicyKey key, long version, ServiceRouting routing);

    /// <summary>Takes that policy or routing out of force; nothing happens when it is not the one bound.</summary>
    [Alias("UnbindPolicy")]
    Task UnbindPolicy(PolicyKey key);

    /// <summary>Asks for hints about new versions. Expires unless repeated within <see cref="MeshLimits.ObserverLease"/>.</summary>
    [Alias("Watch")]
    Task<ServiceSnapshot?> Watch(IServiceObserver observer);

    /// <summary>Ends a watch.</summary>
    [Alias("Unwatch")]
    Task Unwatch(IServiceObserver observer);

    /// <summary>An endpoint's hint that its state changed by itself.</summary>
    [OneWay]
    [Alias("EndpointChanged")]
    Task EndpointChanged(string endpointId);
}

/// <summary>What a service tells those who watch it: that there is something newer. Lost hints cost only time.</summary>
[Alias("mesh.IServiceObserver")]
public interface IServiceObserver : IGrainObserver
{
    /// <summary>There is a newer snapshot; pull it.</summary>
    /// <param name="service">Whose.</param>
    /// <param name="version">At least this.</param>
    /// <param name="traceParent">W3C traceparent of the cause; null when none.</param>
    [OneWay]
    [Alias("ServiceChanged")]
    Task ServiceChanged(ServiceId service, SnapshotVersion version, string? traceParent);

    /// <summary>These were entered in the service's ledger. Who finds a gap in the numbers reads the ledger.</summary>
    [OneWay]
    [Alias("LedgerEntered")]
    Task LedgerEntered(ServiceId service, ImmutableArray<LedgerEntry> entries);
}

/// <summary>What became of a report.</summary>
/// <param name="Version">The snapshot that holds its verdicts.</param>
/// <param name="Ejected">Ids of the endpoints it ejected.</param>
/// <param name="Overflowed">Ids of those that deserved it and were spared by the budget.</param>
/// <param name="Unknown">Ids the service does not know.</param>
public sealed record ReportAnswer(
    SnapshotVersion Version,
    ImmutableArray<string> Ejected,
    ImmutableArray<string> Overflowed,
    ImmutableArray<string> Unknown);
