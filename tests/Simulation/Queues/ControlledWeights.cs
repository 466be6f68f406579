using System.Collections.Immutable;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Weights;

namespace Mesh.Simulation.Queues;

/// <summary>Where a run's weights come from.</summary>
internal interface IWeightSource
{
    /// <summary>The factors in force, in percent, by backend.</summary>
    ImmutableArray<double> Factors { get; }

    /// <summary>A step on what was reported since the last.</summary>
    /// <returns>The weights to push, in hundredths; null when they stay.</returns>
    ImmutableArray<int>? Step(ImmutableArray<EndpointObservation> observations);
}

/// <summary>The real controller, as a service's grain calls it.</summary>
internal sealed class ControlledWeights(int stations, AdaptiveWeights policy) : IWeightSource
{
    private readonly ImmutableArray<string> _ids = [.. Enumerable.Range(0, stations).Select(QueueProxy.Id)];

    public AdaptiveState State { get; private set; } = AdaptiveState.None;

    public int Publishes { get; private set; }

    public ImmutableArray<double> Factors => [.. _ids.Select(id => (double)State.FactorOf(id))];

    public ImmutableArray<int>? Step(ImmutableArray<EndpointObservation> observations)
    {
        var seen = observations.ToDictionary(one => one.EndpointId);
        var step = AdaptiveController.Step(
            State, [.. _ids.Select(id => new EndpointLoad(id, EffectiveWeight.Scale, seen.GetValueOrDefault(id)))], policy.Interval, policy);
        State = step.State;
        Publishes += step.Publish ? 1 : 0;
        return step.Publish ? [.. _ids.Select(State.FactorOf)] : null;
    }
}
