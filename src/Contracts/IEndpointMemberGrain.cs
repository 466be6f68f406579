using Mesh.Core;
using Mesh.Core.Operations;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Orleans;

namespace Mesh.Contracts;

/// <summary>
/// The side of an endpoint that only its service's grain sees; its key is <see cref="IEndpointGrain"/>'s. Each call brings the
/// policy in force, which the endpoint keeps for what it decides by itself.
/// </summary>
[Alias("mesh.IEndpointMemberGrain")]
public interface IEndpointMemberGrain : IGrainWithStringKey
{
    /// <summary>What there is to know of it, and what its checks say against it; null when it is not registered.</summary>
    /// <param name="policy">In force.</param>
    /// <param name="traffic">Whether anybody sends the service requests: while nobody does, it is checked more rarely.</param>
    /// <param name="takeOver">
    /// The service has just woken: no other activation of the endpoint, which may live on somewhere without knowing that it was replaced, is to write any more.
    /// </param>
    [Alias("Look")]
    Task<EndpointObserved?> Look(TrafficPolicy policy, bool traffic, bool takeOver = false);

    /// <summary>Registers it; on disk when it returns. The same life again changes only the lease and what it says of itself.</summary>
    /// <param name="registration">What the caller says of it.</param>
    /// <param name="policy">In force.</param>
    /// <param name="command">What is done once only; null when each call is a command of its own.</param>
    [Alias("Register")]
    Task<Outcome<EndpointView>> Register(EndpointRegistration registration, TrafficPolicy policy, Command? command = null);

    /// <summary>What proxies saw of it, and in return whether it is to be ejected. Null when it is not registered.</summary>
    [Alias("Observe")]
    Task<EndpointObserved?> Observe(EndpointObservation observation, TrafficPolicy policy);

    /// <summary>The budget's answer to a proposal. An ejection is on disk when it returns.</summary>
    [Alias("Decide")]
    Task<EndpointView?> Decide(EjectionVerdict verdict, TrafficPolicy policy);

    /// <summary>Ejects it by hand; <see cref="ProblemKind.NotFound"/> when it is not registered.</summary>
    /// <param name="duration">How long; null for the policy's base ejection time.</param>
    /// <param name="reason">For people.</param>
    /// <param name="policy">In force.</param>
    /// <param name="command">As for <see cref="Register"/>.</param>
    [Alias("Eject")]
    Task<Outcome<EndpointView>> Eject(TimeSpan? duration, string reason, TrafficPolicy policy, Command? command = null);

    /// <summary>Lets it have no new requests.</summary>
    [Alias("Drain")]
    Task<Outcome<EndpointView>> Drain(TrafficPolicy policy, Command? command = null);

    /// <summary>Ends an ejection or a draining, and forgives its history.</summary>
    [Alias("Restore")]
    Task<Outcome<EndpointView>> Restore(TrafficPolicy policy, Command? command = null);

    /// <summary>What is to be removed: its service notes it first, so that a removal is done once.</summary>
    /// <param name="instanceId">When given, only if that instance is the registered one.</param>
    [Alias("Departing")]
    Task<Outcome<Departure>> Departing(string? instanceId);

    /// <summary>Forgets the life that began then; a later one stays. A repeat does no harm.</summary>
    [Alias("Remove")]
    Task Remove(DateTimeOffset registeredAt);
}

/// <summary>What became of an observation, or what was seen at a look.</summary>
/// <param name="View">The endpoint after it.</param>
/// <param name="Proposal">Why it is to be ejected; null when it is not.</param>
public sealed record EndpointObserved(EndpointView View, EjectionProposal? Proposal);

/// <summary>Names one endpoint, as its grain's key does.</summary>
/// <param name="Service">Of which service.</param>
/// <param name="Id">Unique within it.</param>
public readonly record struct EndpointKey(ServiceId Service, string Id)
{
    /// <summary>Reads <c>namespace/service/id</c>.</summary>
    /// <exception cref="FormatException">The text is not of that form.</exception>
    public static EndpointKey Parse(string text) =>
        text.LastIndexOf('/') is > 0 and var slash
            ? new(ServiceId.Parse(text[..slash]), text[(slash + 1)..])
            : throw new FormatException($"'{text}' is not an endpoint; write namespace/service/id.");

    /// <summary><c>namespace/service/id</c>.</summary>
    public override string ToString() => $"{Service}/{Id}";
}
