using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Snapshots;

namespace Mesh.Gateway.View;

/// <summary>What the view reads: the grains, or a table in a test.</summary>
public interface IMeshSource
{
    /// <summary>Says where hints go. Called once, before anything is read.</summary>
    void Attach(IMeshHints hints);

    /// <summary>Reads one shard of the catalog and asks for hints about it.</summary>
    Task<CatalogPage> ReadCatalog(int shard);

    /// <summary>Reads one service's snapshot; null when there is none.</summary>
    /// <param name="service">Which.</param>
    /// <param name="renew">Ask for hints about it as well.</param>
    Task<ServiceSnapshot?> ReadService(ServiceId service, bool renew);

    /// <summary>Reads who belongs to the cluster.</summary>
    Task<ImmutableArray<SiloMember>> ReadMembers();

    /// <summary>Asks a silo what changed on it; null when there is no such silo any more.</summary>
    Task<SiloNews?> ReadNews(string silo, SiloNewsRequest request);
}

/// <summary>Who takes hints. Both calls only note them down: they never block and never throw.</summary>
public interface IMeshHints
{
    /// <summary>A shard of the catalog has changed.</summary>
    void CatalogChanged(int shard);

    /// <summary>A service has at least this version.</summary>
    void ServiceChanged(ServiceId service, SnapshotVersion version, string? traceParent);
}
