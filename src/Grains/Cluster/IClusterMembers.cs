using System.Collections.Immutable;
using Mesh.Contracts;

namespace Mesh.Grains.Cluster;

/// <summary>Who belongs to the cluster, as this silo knows it at the moment. Reading it costs no call.</summary>
public interface IClusterMembers
{
    /// <summary>This silo's address, as in <see cref="SiloMember.Address"/>.</summary>
    string Me { get; }

    /// <summary>The silos that live, this one among them, and those that have died or left lately.</summary>
    ImmutableArray<SiloMember> Members { get; }
}
