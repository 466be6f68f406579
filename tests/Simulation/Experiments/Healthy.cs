using Mesh.Core.Policies;
using Mesh.Simulation.Engine;
using Mesh.Simulation.Nodes;
using Mesh.Simulation.Rules;

namespace Mesh.Simulation.Experiments;

/// <summary>A mesh in which nothing is wrong but a few failures that all endpoints share: nobody should be ejected.</summary>
public sealed record HealthySetup
{
    public int Proxies { get; init; } = 100;

    public int Endpoints { get; init; } = 20;

    public double RequestsPerSecond { get; init; } = 2000;

    public TrafficPolicy Policy { get; init; } = TrafficPolicy.Default;

    public double BaseRate { get; init; } = 0.01;

    public int Intervals { get; init; } = 100;

    /// <summary>Runs it; what was ejected.</summary>
    public (EvidenceIsTrue Evidence, long Requests) Run(ulong seed)
    {
        using var world = new World(new WorldOptions
        {
            Seed = seed,
            Proxies = Proxies,
            Endpoints = Endpoints,
            RequestsPerSecond = RequestsPerSecond,
            Policy = Policy,
        });
        foreach (var backend in world.Backends)
        {
            backend.FailureRate = BaseRate;
        }

        world.Begin();
        var evidence = new EvidenceIsTrue();
        evidence.Watch(world);
        world.Simulator.RunUntil(Simulator.Start + Policy.OutlierDetection.Interval * (Intervals + 1));
        return (evidence, world.Traffic.Succeeded + world.Traffic.Failed);
    }
}
