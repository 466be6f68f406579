using Mesh.Core.Policies;
using Mesh.Simulation.Nodes;

namespace Mesh.Simulation.Experiments;

/// <summary>The mesh of an experiment: how large it is, how busy, and what policy is in force.</summary>
public abstract record MeshSetup
{
    public int Proxies { get; init; } = 100;

    public int Endpoints { get; init; } = 20;

    public double RequestsPerSecond { get; init; } = 2000;

    public TrafficPolicy Policy { get; init; } = TrafficPolicy.Default;

    /// <summary>Such a mesh, not begun yet.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="perProxy">Each proxy judges by itself, as Envoy does.</param>
    /// <param name="failureRate">The share of requests that every endpoint fails.</param>
    protected World Build(ulong seed, bool perProxy = false, double failureRate = 0)
    {
        var world = new World(new WorldOptions
        {
            Seed = seed,
            Proxies = Proxies,
            Endpoints = Endpoints,
            RequestsPerSecond = RequestsPerSecond,
            Policy = Policy,
            PerProxy = perProxy,
        });
        foreach (var backend in world.Backends)
        {
            backend.FailureRate = failureRate;
        }

        return world;
    }
}
