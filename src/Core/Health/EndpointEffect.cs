using System.Collections.Immutable;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;

namespace Mesh.Core.Health;

/// <summary>Something that the shell is to do after a step.</summary>
public abstract record EndpointEffect;

/// <summary>Ask the service for leave to eject; its answer is <see cref="EjectionAllowed"/> or <see cref="EjectionRefused"/>.</summary>
public sealed record ProposeEjection(OutlierEvidence Evidence) : EndpointEffect
{
    /// <summary>Why, for people.</summary>
    public string Reason => Evidence.Reason;
}

/// <summary>Tell the service that something visible changed without its doing.</summary>
public sealed record HintService : EndpointEffect;

/// <summary>Check it now, and say how that ended with <see cref="CheckEnded"/>. Whoever cannot do so loses nothing: it is asked again.</summary>
/// <param name="Check">How.</param>
public sealed record RunCheck(HealthCheck Check) : EndpointEffect;

/// <summary>Write the state to disk before anybody is told.</summary>
public sealed record SaveState : EndpointEffect;

/// <summary>Nobody renewed the lease for long enough: take it off the service's list and forget it.</summary>
public sealed record RemoveEndpoint : EndpointEffect;

/// <summary>Call again with <see cref="TimeElapsed"/> at this time; replaces any earlier wish. Without one, no call is needed.</summary>
public sealed record WakeAt(DateTimeOffset When) : EndpointEffect;

/// <summary>The outcome of one step.</summary>
/// <param name="State">The state after it; null when the endpoint is not registered.</param>
/// <param name="Effects">What to do, at most one of a kind: first <see cref="SaveState"/>, last <see cref="WakeAt"/>.</param>
public sealed record EndpointStep(EndpointState? State, ImmutableArray<EndpointEffect> Effects)
{
    /// <summary>The effect of that kind; null when there is none.</summary>
    public T? Find<T>()
        where T : EndpointEffect => Effects.OfType<T>().FirstOrDefault();

    /// <summary>Whether there is an effect of that kind.</summary>
    public bool Has<T>()
        where T : EndpointEffect => Find<T>() is not null;
}
