using System.Collections.Immutable;
using Orleans;

namespace Mesh.Contracts;

/// <summary>
/// Who belongs to the cluster, as the silo knows it that answers; its key is 0. It reads that silo's memory and no database, so it may be asked often. A gateway
/// that is no silo has no other way to know.
/// </summary>
[Alias("mesh.IClusterGrain")]
public interface IClusterGrain : IGrainWithIntegerKey
{
    /// <summary>The silos that live, and those that have died or left lately.</summary>
    [Alias("Members")]
    Task<ImmutableArray<SiloMember>> Members();
}

/// <summary>A silo in the list of members.</summary>
/// <param name="Address">The key of its <see cref="ISiloGrain"/>; another one after each start.</param>
/// <param name="Name">As its operator named it.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Started">When it started, to the second.</param>
public sealed record SiloMember(string Address, string Name, SiloState State, DateTimeOffset Started)
{
    /// <summary>Whether grains may be on it: neither is it still joining, nor is it dead.</summary>
    public bool HoldsGrains => State is SiloState.Active or SiloState.Draining;
}

/// <summary>Where a silo stands in its life.</summary>
public enum SiloState
{
    /// <summary>It has started and is not yet a member.</summary>
    Joining,

    /// <summary>A member that takes grains.</summary>
    Active,

    /// <summary>It is about to leave, and hands over.</summary>
    Draining,

    /// <summary>It has left, or was declared dead.</summary>
    Dead,
}
