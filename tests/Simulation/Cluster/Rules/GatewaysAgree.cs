using Mesh.Core;
using Mesh.Core.Snapshots;
using Mesh.Simulation.Cluster.Gateways;

namespace Mesh.Simulation.Cluster.Rules;

/// <summary>
/// Verdicts never split: a version means the same at every gateway that shows it, no gateway goes back to an older one as long as it lives, and in the end all of them show the same.
/// </summary>
public sealed class GatewaysAgree : IClusterRule
{
    private readonly Dictionary<(ServiceId, SnapshotVersion), (string Content, string Gateway)> _meant = [];

    public string Name => "verdicts never split";

    public void Watch(ClusterWorld cluster) => cluster.Shown += (gateway, service, before, after) =>
    {
        if (after is null)
        {
            return;
        }

        if (before is not null && after.Version <= before.Version)
        {
            cluster.Break(Name, $"{gateway.Name} went from {before.Version} of {service} to {after.Version}.");
        }

        var content = Content(after);
        if (!_meant.TryAdd((service, after.Version), (content, gateway.Name)) && _meant[(service, after.Version)] is var known && known.Content != content)
        {
            cluster.Break(Name, $"{after.Version} of {service} is [{content}] at {gateway.Name}, and [{known.Content}] at {known.Gateway}.");
        }
    };

    public void Healed(ClusterWorld cluster)
    {
        foreach (var service in cluster.Endpoints.Select(endpoint => endpoint.Service).Distinct())
        {
            var shown = cluster.Gateways.Select(gateway => (gateway.Name, gateway.Shown.GetValueOrDefault(service)?.Version)).ToList();
            if (shown.Select(one => one.Version).Distinct().Count() != 1)
            {
                cluster.Break(Name, $"of {service} gateways still show {string.Join(", ", shown.Select(one => $"{one.Version} ({one.Name})"))}.");
            }
        }
    }

    private static string Content(ServiceSnapshot snapshot) =>
        string.Join(", ", snapshot.Endpoints.Select(e => $"{e.Id} {e.Address}:{e.Port} {e.Status} {e.Weight} {e.EjectedUntil:HH:mm:ss.fff}")) + $" by {snapshot.Policy.Source}";
}
