using System.Globalization;
using Mesh.Local.Processes;

namespace Mesh.Local.Silos;

/// <summary>What a silo does. By default both: grains and, in the same process, the gateway that faces proxies and people.</summary>
public enum SiloRole
{
    /// <summary>Grains and a gateway.</summary>
    All,

    /// <summary>Grains only.</summary>
    Grains,

    /// <summary>A gateway only: no silo, but a client of those.</summary>
    Gateway,
}

/// <summary>One process of the control plane: what it is, and where. It keeps its ports when it is started again.</summary>
public sealed record SiloSettings
{
    /// <summary>What its log and people call it.</summary>
    public required string Name { get; init; }

    /// <summary>Its log, and what it may write.</summary>
    public required string Folder { get; init; }

    public SiloRole Role { get; init; } = SiloRole.All;

    /// <summary>The address it listens on and is reached at.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>The network namespace it lives in; null for ours.</summary>
    public string? Namespace { get; init; }

    public int SiloPort { get; init; } = Machine.FreePort();

    /// <summary>Where gateways apart from the silos reach it.</summary>
    public int ClientPort { get; init; } = Machine.FreePort();

    public int GrpcPort { get; init; } = Machine.FreePort();

    public int RestPort { get; init; } = Machine.FreePort();

    /// <summary>Variables: the connection strings of the stores, and what else is to be tried.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Further arguments, as <c>mesh-silo --help</c> has them.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Whether it has streams and the API for others.</summary>
    public bool Serves => Role != SiloRole.Grains;

    internal IReadOnlyList<string> CommandLine =>
    [
        "--bind", Address, "--grpc-port", Text(GrpcPort), "--rest-port", Text(RestPort), "--data", Path.Combine(Folder, Name),
        .. Edition.IsCluster ? OfCluster : [], .. Arguments,
    ];

    /// <summary>Who is alone knows none of this.</summary>
    private IReadOnlyList<string> OfCluster =>
    [
        "--role", Role switch { SiloRole.Grains => "grains", SiloRole.Gateway => "gateway", _ => "all" },
        "--name", Name, "--advertise", Address, "--silo-port", Text(SiloPort), "--orleans-gateway-port", Text(ClientPort),
    ];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
