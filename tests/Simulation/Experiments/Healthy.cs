using Mesh.Simulation.Engine;
using Mesh.Simulation.Nodes;
using Mesh.Simulation.Rules;

namespace Mesh.Simulation.Experiments;

/// <summary>A mesh in which nothing is wrong but a few failures that all endpoints share: nobody should be ejected.</summary>
public sealed record HealthySetup : MeshSetup
{
    public double BaseRate { get; init; } = 0.01;

    public int Intervals { get; init; } = 100;

    /// <summary>Runs it; what was ejected.</summary>
    public (EvidenceIsTrue Evidence, long Requests) Run(ulong seed)
    {
        using var world = Build(seed, failureRate: BaseRate);
        world.Begin();
        var evidence = new EvidenceIsTrue();
        evidence.Watch(world);
        world.Simulator.RunUntil(Simulator.Start + Policy.OutlierDetection.Interval * (Intervals + 1));
        return (evidence, world.Traffic.Succeeded + world.Traffic.Failed);
    }
}
