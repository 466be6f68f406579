using System.Collections.Immutable;
using Mesh.Contracts;

namespace Mesh.Grains.Cluster;

/// <summary>What a silo has to say of itself. All of it is at hand: nothing is awaited.</summary>
public interface ISiloFacts
{
    /// <summary>Of the program.</summary>
    string Version { get; }

    /// <summary>Where it stands, by its own account, which is ahead of what others know.</summary>
    SiloState State { get; }

    /// <summary>As in <see cref="SiloView.Grains"/>.</summary>
    ImmutableSortedDictionary<string, int> Grains { get; }

    /// <summary>What its process uses now.</summary>
    SiloFigures Figures { get; }
}
