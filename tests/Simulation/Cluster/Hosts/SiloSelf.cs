using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Grains.Cluster;
using Mesh.Simulation.Cluster.Membership;
using Mesh.Simulation.Engine;

namespace Mesh.Simulation.Cluster.Hosts;

/// <summary>The members as a silo knows them, from its own reading of the table.</summary>
internal sealed class Members(SiloNode silo) : IClusterMembers
{
    public string Me => silo.Address;

    ImmutableArray<SiloMember> IClusterMembers.Members =>
    [
        .. silo.Agent.View.Members.Values.Select(row => new SiloMember(
            row.Address,
            row.Name,
            row.Status switch { MemberStatus.Active => SiloState.Active, MemberStatus.ShuttingDown => SiloState.Draining, _ => SiloState.Dead },
            Simulator.Start)),
    ];
}

/// <summary>What a silo says of itself: nothing that would depend on the machine that simulates it.</summary>
internal sealed class Facts(SiloNode silo) : ISiloFacts
{
    public string Version => "simulated";

    public SiloState State => silo.Draining ? SiloState.Draining : SiloState.Active;

    public ImmutableSortedDictionary<string, int> Grains => ImmutableSortedDictionary<string, int>.Empty;

    public SiloFigures Figures => new() { ResidentBytes = 0, HeapBytes = 0, ProcessorTime = TimeSpan.Zero, ProcessorsUsed = 0, Processors = 1, QueuedWork = 0 };
}
