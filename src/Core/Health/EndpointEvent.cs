using Mesh.Core.Outliers;

namespace Mesh.Core.Health;

/// <summary>Something that happened to an endpoint.</summary>
public abstract record EndpointEvent;

/// <summary>Somebody registered it. The same life again renews the lease and takes over what changed; a new life starts with a clean slate.</summary>
public sealed record Registered(EndpointSpec Spec) : EndpointEvent;

/// <summary>Its owner is still there. Whose instance that was is for the caller to check.</summary>
public sealed record LeaseRenewed : EndpointEvent;

/// <summary>Proxies sent requests to it.</summary>
public sealed record ObservationReceived(EndpointObservation Observation) : EndpointEvent;

/// <summary>The service lets it be ejected, or an admin ordered it.</summary>
/// <param name="Reason">Why, for people.</param>
/// <param name="Duration">How long; null for what the policy says. At most <see cref="EjectionTimes.Longest"/>.</param>
/// <param name="Manual">By hand: it holds in any status; without a duration the base ejection time holds, whatever the multiplier.</param>
public sealed record EjectionAllowed(string Reason, TimeSpan? Duration = null, bool Manual = false) : EndpointEvent
{
    /// <summary>The figures that it was proposed on; null by hand. It is kept with the ejection.</summary>
    public OutlierEvidence? Evidence { get; init; }

    /// <summary>What the budget says to a proposal.</summary>
    public static EjectionAllowed For(OutlierEvidence evidence) => new(evidence.Reason) { Evidence = evidence };
}

/// <summary>The check that <see cref="RunCheck"/> asked for has ended.</summary>
/// <param name="Passed">Whether the answer was the one that the policy expects.</param>
/// <param name="Note">What came instead, for people, as in <c>503</c> or <c>connection refused</c>; null when there is nothing to say.</param>
public sealed record CheckEnded(bool Passed, string? Note = null) : EndpointEvent;

/// <summary>Whether anybody sends its service requests; while nobody does, an endpoint in good health is checked more rarely.</summary>
public sealed record TrafficSeen(bool Flowing) : EndpointEvent;

/// <summary>The budget spares it.</summary>
/// <param name="Why">For people.</param>
public sealed record EjectionRefused(string Why) : EndpointEvent;

/// <summary>It is to get no new requests.</summary>
public sealed record Drained : EndpointEvent;

/// <summary>Somebody ended its ejection or draining, and forgave its history.</summary>
public sealed record Restored : EndpointEvent;

/// <summary>Its state was read from disk after a time in which nobody could renew a lease.</summary>
public sealed record Recovered : EndpointEvent;

/// <summary>Time went by. Harmless at any moment; due at <see cref="WakeAt"/>.</summary>
public sealed record TimeElapsed : EndpointEvent;
