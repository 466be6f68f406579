using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Proxy.Discovery;

namespace Mesh.Simulation.Nodes;

/// <summary>How large a simulated mesh is, and what it is told to do.</summary>
public sealed record WorldOptions
{
    public ulong Seed { get; init; } = 1;

    public int Proxies { get; init; } = 5;

    public int Endpoints { get; init; } = 8;

    public int Gateways { get; init; } = 2;

    /// <summary>Requests in a second, of all proxies together.</summary>
    public double RequestsPerSecond { get; init; } = 100;

    /// <summary>The policy in force at the start.</summary>
    public TrafficPolicy Policy { get; init; } = TrafficPolicy.Default;

    /// <summary>Each proxy judges by itself, as Envoy does, and there is no control plane.</summary>
    public bool PerProxy { get; init; }

    /// <summary>How long an answer takes in the mean; zero for an instant, which is simulated faster.</summary>
    public TimeSpan ServiceTime { get; init; }

    /// <summary>How long registrations hold; null for ever.</summary>
    public TimeSpan? Lease { get; init; }

    /// <summary>Of our own proxies.</summary>
    public KeeperLimits Keeper { get; init; } = new();

    /// <summary>Where endpoints and proxies run, in turn; empty for nowhere in particular.</summary>
    public IReadOnlyList<Locality> Places { get; init; } = [];

    /// <summary>A bug that the rules are to find.</summary>
    public PlantedBug Bug { get; init; }

    /// <summary>From one request of a proxy to its next, in the mean.</summary>
    public TimeSpan MeanGap => TimeSpan.FromSeconds(Proxies / RequestsPerSecond);
}
