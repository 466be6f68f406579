using System.Collections.Immutable;
using Mesh.Contracts;
using Orleans;
using Orleans.Concurrency;

namespace Mesh.Grains.Cluster;

/// <summary>Answers from the silo that is asked, whichever that is: a worker of its own on each.</summary>
[StatelessWorker(1)]
public sealed class ClusterGrain(IClusterMembers members) : Grain, IClusterGrain
{
    /// <inheritdoc/>
    public Task<ImmutableArray<SiloMember>> Members() => Task.FromResult(members.Members);
}
