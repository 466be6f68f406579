using System.Text.Json;
using System.Text.Json.Serialization;
using Mesh.Core.Localities;
using Mesh.Proxy.Discovery;
using Mesh.Proxy.Model;
using Mesh.Proxy.Upstream;

namespace Mesh.Proxy.Admin;

/// <summary>What the proxy knows, for people and tests.</summary>
public sealed record ConfigDump(
    string Node, string? Gateway, bool Connected, DateTimeOffset? AwaySince, bool EjectionsLapsed, IReadOnlyList<DumpedType> Types,
    IReadOnlyList<DumpedHost> Hosts, IReadOnlyList<DumpedCluster> Clusters)
{
    /// <summary>As it stands between two events.</summary>
    public static ConfigDump Of(string node, string? gateway, ConfigKeeper keeper, ProxyConfig config) => new(
        node,
        gateway,
        config.Connected,
        keeper.AwaySince,
        config.EjectionsLapsed,
        [.. keeper.State.All.Select(t => new DumpedType(t.TypeUrl, t.Version, t.Wanted.Count, t.Refusal))],
        [.. config.Hosts.Values.OrderBy(h => h.Name, StringComparer.Ordinal).Select(h => new DumpedHost(h.Name, h.Status, [.. h.Routes?.Clusters.Distinct() ?? []]))],
        [.. config.Clusters.Values.OrderBy(c => c.Config.Name, StringComparer.Ordinal).Select(DumpedCluster.Of)]);
}

/// <summary>One type of resource.</summary>
public sealed record DumpedType(string TypeUrl, string Version, int Wanted, string? LastError);

/// <summary>One host name.</summary>
public sealed record DumpedHost(string Name, HostStatus Status, IReadOnlyList<string> Clusters);

/// <summary>One cluster.</summary>
public sealed record DumpedCluster(
    string Name, string Balancing, bool Panic, int MaxConnections, int MaxPendingRequests, int MaxRequests, int MaxRetries, IReadOnlyList<SpreadShare> Shares,
    IReadOnlyList<DumpedEndpoint> Endpoints)
{
    internal static DumpedCluster Of(ClusterModel cluster)
    {
        var usable = cluster.Usable.Select(e => e.State).ToHashSet();
        return new(
            cluster.Config.Name,
            cluster.Config.Balancing.ToString(),
            cluster.Panic,
            cluster.Config.MaxConnections,
            cluster.Config.MaxPendingRequests,
            cluster.Config.MaxRequests,
            cluster.Config.MaxRetries,
            cluster.Shares,
            [.. cluster.All.Select(e => DumpedEndpoint.Of(e, usable.Contains(e.State)))]);
    }
}

/// <summary>One endpoint.</summary>
public sealed record DumpedEndpoint(
    string Endpoint, string Locality, int Priority, EndpointHealth Health, int Weight, bool InRotation, bool EjectedHere, bool Trickle, int InFlight, long Succeeded, long Failed, int FailuresInARow)
{
    internal static DumpedEndpoint Of(EndpointModel endpoint, bool inRotation)
    {
        var (config, state, here, trickle) = endpoint;
        return new(
            config.Key, LocalityPattern.Text(config.Locality), config.Priority, config.Health, endpoint.Weight, inRotation, here, trickle, state.InFlight, state.Succeeded, state.Failed, state.Run);
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ConfigDump))]
internal sealed partial class DumpJson : JsonSerializerContext;
