using Envoy.Service.Discovery.V3;
using Mesh.Core.Health;
using Mesh.Core.Snapshots;
using Mesh.Proxy.Model;
using Mesh.Simulation.Nodes;
using Mesh.Xds;

namespace Mesh.Simulation.Rules;

/// <summary>
/// What a proxy acknowledges is what was compiled: nothing is refused, it is made of a published snapshot, and the endpoints in force at the proxy are
/// that snapshot's, one by one, as anybody can tell from it without the translation's help. And a resource's version stands for its content: wherever
/// and whenever it turns up, also after a restart, it means the same.
/// </summary>
public sealed class AcknowledgedIsCompiled : IRule
{
    private readonly Dictionary<SnapshotVersion, ServiceSnapshot> _published = [];
    private readonly Dictionary<string, string> _meant = new(StringComparer.Ordinal);

    public string Name => "what is acknowledged is what was compiled";

    /// <summary>What a snapshot means to a proxy of ours: address, health and weight of everybody who does not leave.</summary>
    public static IReadOnlyList<string> Meaning(ServiceSnapshot snapshot) =>
    [
        .. snapshot.Endpoints
            .Where(e => e.Status is not (HealthStatus.Draining or HealthStatus.Expired))
            .Select(e => $"{e.Address}:{e.Port} {(e.Status == HealthStatus.Ejected ? "out" : "in")} {e.Weight}")
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The same of what a proxy holds.</summary>
    public static IReadOnlyList<string> Meaning(EndpointsConfig? endpoints) =>
    [
        .. (endpoints?.Endpoints ?? [])
            .Select(e => $"{e.Key} {(e.Health == EndpointHealth.Healthy ? "in" : "out")} {e.Weight}")
            .Order(StringComparer.Ordinal),
    ];

    public void Watch(World world)
    {
        world.Silo.Changed += snapshot => _published[snapshot.Version] = snapshot;
        foreach (var proxy in world.Proxies)
        {
            proxy.Took += Took;
        }
    }

    public void Healed(World world)
    {
        var newest = world.Silo.Published ?? throw new RuleBrokenException(Name, "nobody serves the service after all faults have ended.");
        foreach (var proxy in world.Proxies)
        {
            var status = proxy.Session?.Stream.Status().FirstOrDefault(type => type.Type == ResourceType.Endpoints);
            if (status is not { Pending: false, Error: null } || status.Accepted != status.Sent)
            {
                throw new RuleBrokenException(Name, $"{proxy.Name} has not acknowledged the newest endpoints: {status?.ToString() ?? "it is not connected"}.");
            }

            Same(proxy, newest);
        }
    }

    private void Took(MeshProxy proxy, Session session, DiscoveryResponse response, string? refusal)
    {
        if (refusal is not null)
        {
            throw new RuleBrokenException(Name, $"{proxy.Name} refuses {response.TypeUrl} {response.VersionInfo}: {refusal}");
        }

        if (response.TypeUrl != ResourceTypes.EndpointsUrl || response.Resources.Count == 0)
        {
            return;
        }

        var version = session.MadeOf(response).Version;
        if (!_published.TryGetValue(version, out var snapshot))
        {
            throw new RuleBrokenException(Name, $"{proxy.Name} got endpoints of {version} from {session.Gateway.Name}, and no such version was ever published.");
        }

        Same(proxy, snapshot);
        var meaning = string.Join(", ", Meaning(proxy.Endpoints));
        if (_meant.TryAdd(response.VersionInfo, meaning) || _meant[response.VersionInfo] == meaning)
        {
            return;
        }

        throw new RuleBrokenException(
            Name, $"{proxy.Name} got {response.VersionInfo} from {session.Gateway.Name} as [{meaning}], and it was [{_meant[response.VersionInfo]}] before.");
    }

    private void Same(MeshProxy proxy, ServiceSnapshot snapshot)
    {
        var (held, meant) = (Meaning(proxy.Endpoints), Meaning(snapshot));
        // With localities a client is shown what is meant for where it runs: no more than there is, as it is.
        var same = snapshot.Policy.LocalityLbSetting is null ? held.SequenceEqual(meant) : !held.Except(meant).Any();
        if (!same)
        {
            throw new RuleBrokenException(
                Name, $"{proxy.Name} differs from {snapshot.Version}: it holds [{string.Join(", ", held.Except(meant))}], meant was [{string.Join(", ", meant.Except(held))}].");
        }
    }
}
