using System.Collections.Immutable;
using System.Net;
using Mesh.Proxy.Discovery;

namespace Mesh.Proxy.Options;

/// <summary>What a person says on the command line or in the environment.</summary>
public sealed record ProxyOptions
{
    /// <summary>Where the workload talks to.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 15001);

    /// <summary>Where an admin looks.</summary>
    public IPEndPoint Admin { get; init; } = new(IPAddress.Loopback, 15021);

    /// <summary>The gRPC addresses of the control plane's gateways, as they were named.</summary>
    public ImmutableArray<Uri> ControlPlane { get; init; } = [];

    /// <summary>Those addresses, or the one of a gateway on this machine.</summary>
    public ImmutableArray<Uri> Gateways => ControlPlane.IsEmpty ? [new("http://127.0.0.1:15010")] : ControlPlane;

    /// <summary>Whose certificate it has to show, a PEM file; null for the system's authorities. For <c>https</c> only, as are the next two.</summary>
    public string? Ca { get; init; }

    /// <summary>The certificate to show to it, a PEM file; null for none.</summary>
    public string? Cert { get; init; }

    /// <summary>Its private key, a PEM file.</summary>
    public string? Key { get; init; }

    /// <summary>Hosts to ask for before the first request does.</summary>
    public ImmutableArray<string> Services { get; init; } = [];

    /// <summary>What this proxy is called; unique in the mesh.</summary>
    public string Node { get; init; } = "";

    /// <summary>The group of workloads it belongs to.</summary>
    public string Cluster { get; init; } = "mesh-proxy";

    /// <summary>Where it runs.</summary>
    public string Region { get; init; } = "";

    /// <summary>Where in the region.</summary>
    public string Zone { get; init; } = "";

    /// <summary>Where in the zone.</summary>
    public string SubZone { get; init; } = "";

    /// <summary>What it is labelled; policies with a <c>failoverPriority</c> may go by it.</summary>
    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Without a control plane for so long, its ejections no longer count.</summary>
    public TimeSpan EjectionLapse { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Who judges endpoints.</summary>
    public Detection Detection { get; init; }

    /// <summary>How long the first request for a host waits for its configuration.</summary>
    public TimeSpan ConfigurationWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long requests under way may take at shutdown.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A gateway that is silent for about so long, though asked, counts as gone.</summary>
    public TimeSpan Keepalive { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>After how long, half of it more or less, it goes back to the gateway that it would choose first.</summary>
    public TimeSpan ReturnAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The longest wait between two attempts to reach the control plane.</summary>
    public TimeSpan ReconnectMax { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Where the last good configuration is kept for a start without a control plane; null for nowhere.</summary>
    public string? State { get; init; }

    /// <summary>Host names at once.</summary>
    public int MaxHosts { get; init; } = 1000;

    /// <summary>Connections from workloads at once.</summary>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>Bytes of a request's body kept for further tries.</summary>
    public int ReplayLimit { get; init; } = 64 * 1024;

    /// <summary>Say more.</summary>
    public bool Verbose { get; init; }
}
