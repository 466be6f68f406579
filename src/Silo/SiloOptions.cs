using System.Net;
using Mesh.Contracts;

namespace Mesh.Silo;

/// <summary>Everything that can be told to <c>mesh-silo</c>.</summary>
public sealed record SiloOptions
{
    /// <summary>Where gRPC listens: ADS, LRS and the registry. 0 picks a free port.</summary>
    public int GrpcPort { get; init; } = 15010;

    /// <summary>Where REST listens, and without a gateway its health and metrics alone. 0 picks a free port.</summary>
    public int RestPort { get; init; } = 15080;

    /// <summary>The address to listen on: this machine only, unless told otherwise, as without TLS there is no authentication.</summary>
    public IPAddress Bind { get; init; } = IPAddress.Loopback;

    /// <summary>The folder of the store; made when it is missing.</summary>
    public string DataDirectory { get; init; } = Path.Combine(Environment.CurrentDirectory, ".mesh", "data");

    /// <summary>How long what proxies report is kept for replays; zero keeps none.</summary>
    public TimeSpan ReplayWindow { get; init; } = MeshLimits.ReportArchive;

    /// <summary>Where to send traces, metrics and logs; null for nowhere.</summary>
    public Uri? OtlpEndpoint { get; init; }

    /// <summary>ADS streams at a time, and as many LRS streams.</summary>
    public int MaxStreams { get; init; } = 10_000;

    /// <summary>Streams of each kind that one client may have: by its certificate, or else by its address.</summary>
    public int MaxStreamsPerClient { get; init; } = 1000;

    /// <summary>Resources that one stream may name, over all types.</summary>
    public int MaxResourcesPerStream { get; init; } = 10_000;

    /// <summary>Bytes of one gRPC message from a client.</summary>
    public int MaxMessageSize { get; init; } = 4 * 1024 * 1024;

    /// <summary>Calls that one HTTP/2 connection may carry at a time; further ones wait at the client.</summary>
    public int MaxStreamsPerConnection { get; init; } = 100;

    /// <summary>
    /// How long endpoints live at clients that take resources with a time to live and no longer hear of us; null for ever. An Envoy that cannot reach its control
    /// plane serves best with what it knew.
    /// </summary>
    public TimeSpan? EndpointsTtl { get; init; }

    /// <summary>The certificate that both ports show, a PEM file; null for no TLS.</summary>
    public string? TlsCert { get; init; }

    /// <summary>Its private key, a PEM file.</summary>
    public string? TlsKey { get; init; }

    /// <summary>Who signs the certificates of gRPC's clients, a PEM file; null for clients without.</summary>
    public string? GrpcClientCa { get; init; }

    /// <summary>Whether gRPC's clients have to show one.</summary>
    public ClientCertificates GrpcClientCert { get; init; }

    /// <summary>Who signs those of REST's clients, which then have to show one.</summary>
    public string? RestClientCa { get; init; }

    /// <summary>How long it only says that it is leaving before it hands its streams over; null for the edition's own.</summary>
    public TimeSpan? DrainAnnounce { get; init; }

    /// <summary>Over how long streams are handed over to other gateways; null for the edition's own.</summary>
    public TimeSpan? DrainTime { get; init; }

    /// <summary>Log in JSON, one object per line.</summary>
    public bool JsonLogs { get; init; }

    /// <summary>Log more.</summary>
    public bool Verbose { get; init; }

    /// <summary>What of the control plane runs in this process. Cluster edition.</summary>
    public SiloRole Role { get; init; }

    /// <summary>What this process is called in status and logs; of silos, the host's name unless told otherwise. Cluster edition.</summary>
    public string Name { get; init; } = Environment.MachineName.ToLowerInvariant();

    /// <summary>How to reach PostgreSQL, which holds the cluster's members. Cluster edition.</summary>
    public string? Postgres { get; init; }

    /// <summary>How to reach Redis, which holds the grains' states. Cluster edition.</summary>
    public string? Redis { get; init; }

    /// <summary>Silos with the same id form one cluster. Cluster edition.</summary>
    public string ClusterId { get; init; } = "mesh";

    /// <summary>The address other silos reach this one at. Cluster edition.</summary>
    public IPAddress Advertise { get; init; } = IPAddress.Loopback;

    /// <summary>Where this silo listens for others. Cluster edition.</summary>
    public int SiloPort { get; init; } = 11111;

    /// <summary>Where this silo listens for processes of the role <see cref="SiloRole.Gateway"/>; 0 for none of them. Cluster edition.</summary>
    public int OrleansGatewayPort { get; init; } = 30000;

    /// <summary>Whether streams, the registry and <c>/v1</c> are served here. Health and metrics always are.</summary>
    public bool HasGateway => Role != SiloRole.Grains;

    /// <summary>Whether grains live here.</summary>
    public bool HasGrains => Role != SiloRole.Gateway;
}

/// <summary>What of the control plane runs in a process.</summary>
public enum SiloRole
{
    /// <summary>A silo with the gateway inside.</summary>
    All,

    /// <summary>A silo alone: health and metrics on the REST port, no <c>/v1</c>, no streams.</summary>
    Grains,

    /// <summary>The gateway alone, a client of the silos.</summary>
    Gateway,
}

/// <summary>Whether clients have to show a certificate, where an authority is named that signs them.</summary>
public enum ClientCertificates
{
    /// <summary>Without one there is no connection.</summary>
    Require,

    /// <summary>They may come without; one that is shown has to be good.</summary>
    Request,
}
