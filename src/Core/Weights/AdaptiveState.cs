using System.Collections.Immutable;
using Mesh.Core.Outliers;

namespace Mesh.Core.Weights;

/// <summary>What the controller of weights knows between two steps: of each endpoint in rotation its factor and what it was seen to do.</summary>
public sealed record AdaptiveState
{
    /// <summary>Nothing is known; all factors are 100.</summary>
    public static AdaptiveState None { get; } = new();

    /// <summary>By endpoint id (ordinal). Who is missing has a factor of 100.</summary>
    public ImmutableSortedDictionary<string, AdaptiveEndpoint> Endpoints { get; init; } =
        ImmutableSortedDictionary.Create<string, AdaptiveEndpoint>(StringComparer.Ordinal);

    /// <summary>The factor in force for an endpoint, in percent.</summary>
    public int FactorOf(string endpointId) => Endpoints.TryGetValue(endpointId, out var endpoint) ? endpoint.InForce : AdaptiveController.Neutral;

    /// <summary>Why an endpoint's factor is what it is; null when there is nothing to say.</summary>
    public string? ReasonOf(string endpointId) => Endpoints.TryGetValue(endpointId, out var endpoint) ? endpoint.Reason : null;

    /// <summary>The state to go on from with factors that were in force before a restart.</summary>
    /// <param name="factors">Percent by endpoint id; what is not positive counts as 100.</param>
    public static AdaptiveState Of(IEnumerable<KeyValuePair<string, int>> factors) => new()
    {
        Endpoints = factors.ToImmutableSortedDictionary(
            one => one.Key,
            one => one.Value > 0 ? new AdaptiveEndpoint { Factor = one.Value, InForce = one.Value } : new AdaptiveEndpoint(),
            StringComparer.Ordinal),
    };
}

/// <summary>One endpoint as the controller sees it.</summary>
public sealed record AdaptiveEndpoint
{
    /// <summary>Where its factor has come to, in percent.</summary>
    public double Factor { get; init; } = AdaptiveController.Neutral;

    /// <summary>The factor in force, in percent, at least 1: the last that was worth a push.</summary>
    public int InForce { get; init; } = AdaptiveController.Neutral;

    /// <summary>What it was seen to do, the newest counting most.</summary>
    public LoadEvidence Load { get; init; }

    /// <summary>How boldly it moves: 1 at best, less than half of it whenever its direction turns.</summary>
    public double Boldness { get; init; } = 1;

    /// <summary>Its last move that noise does not explain, as the logarithm of the ratio.</summary>
    public double LastMove { get; init; }

    /// <summary>
    /// Why the factor in force is what it is, with the figures of the step that put it in force: in a snapshot, a reason that moved with each request would be
    /// a new version each time. Null when there is nothing to say.
    /// </summary>
    public string? Reason { get; init; }
}

/// <summary>What an endpoint did since the last step, as the controller takes it in.</summary>
/// <param name="EndpointId">Unique within the service.</param>
/// <param name="Weight">Its weight without the controller's part: configured x warm-up; at least 1.</param>
/// <param name="Seen">All reports of it since the last step, merged; null when there were none.</param>
public sealed record EndpointLoad(string EndpointId, int Weight, EndpointObservation? Seen);

/// <summary>The outcome of a step.</summary>
/// <param name="State">The state after it; it holds the endpoints that were handed in, and no others.</param>
/// <param name="Publish">Whether factors in force have changed, which is worth a new version of the snapshot.</param>
public sealed record AdaptiveStep(AdaptiveState State, bool Publish);
