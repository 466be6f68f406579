namespace Mesh.Contracts;

/// <summary>Limits and periods that more than one part must agree on.</summary>
public static class MeshLimits
{
    /// <summary>How many catalog grains there are. Changing it moves names between shards: it is fixed for the life of a store.</summary>
    public const int CatalogShards = 16;

    /// <summary>Endpoints of one service.</summary>
    public const int EndpointsPerService = 20_000;

    /// <summary>Characters of one policy document.</summary>
    public const int PolicyCharacters = 256 * 1024;

    /// <summary>How long a watch lasts unless it is renewed; watchers renew at a third of it.</summary>
    public static readonly TimeSpan ObserverLease = TimeSpan.FromMinutes(3);

    /// <summary>How long reports are kept for replays, unless a silo is told otherwise.</summary>
    public static readonly TimeSpan ReportArchive = TimeSpan.FromHours(2);

    /// <summary>How long a ledger is kept after its service has gone: whoever asks why all endpoints went away still gets an answer.</summary>
    public static readonly TimeSpan LedgerOutlivesService = TimeSpan.FromHours(1);

    /// <summary>How often a gateway tells of itself; who has been silent for three times as long is shown as stale.</summary>
    public static readonly TimeSpan GatewayAnnounces = TimeSpan.FromSeconds(5);

    /// <summary>How long a gateway that has fallen silent is still shown.</summary>
    public static readonly TimeSpan GatewayForgotten = TimeSpan.FromMinutes(2);

    /// <summary>Gateways that are kept account of; who comes beyond is not shown.</summary>
    public const int Gateways = 1_000;

    /// <summary>The name of the grain storage that holds everything.</summary>
    public const string StorageName = "mesh";
}
