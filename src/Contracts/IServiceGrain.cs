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
/// <remarks>
/// Commands take an operation id: 1 to 128 visible characters of the caller's choice, the same for each try of one command, and another for
/// each command. Who does not know whether a command was done repeats it under its id: it is done once, and the repeat answers what the
/// first did. Without an id, null, each call is a command of its own.
/// </remarks>
[Alias("mesh.IServiceGrain")]
public interface IServiceGrain : IGrainWithStringKey
{
    /// <summary>The current snapshot; null when the service has neither endpoints nor a document that binds to it.</summary>
    [AlwaysInterleave]
    [Alias("GetSnapshot")]
    Task<ServiceSnapshot?> GetSnapshot();

    /// <summary>Adds or replaces an endpoint. Repeating it with the same instance id changes nothing but the lease.</summary>
    /// <param name="registration">What the caller says of it.</param>
    /// <param name="operation">The id of this command; null for none.</param>
    [Alias("Register")]
    Task<Outcome<EndpointView>> Register(EndpointRegistration registration, string? operation = null);

    /// <summary>Removes an endpoint; <see cref="ProblemKind.NotFound"/> when there is none, so that a repeat can be told.</summary>
    /// <param name="endpointId">Which.</param>
    /// <param name="instanceId">When given, removes it only if that instance is the registered one.</param>
    /// <param name="operation">The id of this command; null for none.</param>
    [Alias("Deregister")]
    Task<Outcome<EndpointView>> Deregister(string endpointId, string? instanceId, string? operation = null);

    /// <summary>Takes an endpoint out for good: no new requests, until it is restored or another instance registers under its id.</summary>
    /// <param name="endpointId">Which.</param>
    /// <param name="operation">The id of this command; null for none.</param>
    [Alias("Drain")]
    Task<Outcome<EndpointView>> Drain(string endpointId, string? operation = null);

    /// <summary>Ejects an endpoint by hand, past the budget; it returns by the same way as any ejected one.</summary>
    /// <param name="endpointId">Which.</param>
    /// <param name="duration">How long; null for the policy's base ejection time.</param>
    /// <param name="reason">For people; null when none was given.</param>
    /// <param name="operation">The id of this command; null for none.</param>
    [Alias("Eject")]
    Task<Outcome<EndpointView>> Eject(string endpointId, TimeSpan? duration, string? reason, string? operation = null);

    /// <summary>Ends an ejection or a draining at once, and forgets its history.</summary>
    /// <param name="endpointId">Which.</param>
    /// <param name="operation">The id of this command; null for none.</param>
    [Alias("Restore")]
    Task<Outcome<EndpointView>> Restore(string endpointId, string? operation = null);

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
