using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Snapshots;
using Mesh.Grains.Endpoints;
using Mesh.Simulation.Cluster.Clients;
using Mesh.Simulation.Cluster.Gateways;
using Mesh.Simulation.Cluster.Stores;

namespace Mesh.Simulation.Cluster.Rules;

/// <summary>
/// Nobody who was ejected comes back because of what happened to a silo: an ejection ends in the storage by its time, by passed checks or by hand, and leads to a proof; and no gateway
/// shows an endpoint in rotation, in a newer version than one that told of its ejection, while that holds in the storage. An ejection that began after it was told of is another one: those
/// that only passed checks end have no end to tell them apart by, and one that was written a moment ago nobody can show yet.
/// </summary>
public sealed class EjectedStayOut : IClusterRule
{
    private readonly Dictionary<(ServiceId, string), (SnapshotVersion Version, DateTimeOffset At, DateTimeOffset? Until)> _told = [];

    public string Name => "the ejected stay out";

    public void Watch(ClusterWorld cluster)
    {
        cluster.Store.Written += row =>
        {
            if (row.State == "endpoint" && (row.Before as EndpointRow)?.State is { Ejection: not null } before && (row.After as EndpointRow)?.State is { } after)
            {
                Changed(cluster, row, before, after);
            }
        };
        cluster.Shown += (gateway, service, _, after) =>
        {
            foreach (var endpoint in after?.Endpoints ?? [])
            {
                Shown(cluster, gateway, after!, endpoint);
            }
        };
    }

    private void Changed(ClusterWorld cluster, RowWritten row, EndpointState before, EndpointState after)
    {
        var restored = cluster.Commands.Under(row.Key)?.Kind == CommandKind.Restore;
        if (after.Ejection is not null || restored || !before.Spec.IsSameLife(after.Spec))
        {
            return;
        }

        var ejection = before.Ejection!;
        var endpoint = cluster.Endpoints.First(one => one.Key == row.Key);
        var checks = (row.After as EndpointRow)!.InForce.HealthCheck;
        var byTime = ejection.Until <= cluster.Simulator.Now || (ejection.Until is null && checks is null);
        var byChecks = checks is not null && endpoint.Passed > ejection.At;
        if (!byTime && !byChecks)
        {
            cluster.Break(Name, $"{row.By} ends the ejection of {row.Key} ({ejection.Reason}) before {ejection.Until:HH:mm:ss.fff}, and nothing speaks for it.");
        }

        if (after.Probe is null && !after.Draining && ejection.Evidence?.Detector != OutlierDetector.ActiveHealthCheck)
        {
            cluster.Break(Name, $"{row.By} ends the ejection of {row.Key} ({ejection.Reason}) without a proof.");
        }
    }

    private void Shown(ClusterWorld cluster, ClusterGateway gateway, ServiceSnapshot snapshot, EndpointSnapshot endpoint)
    {
        var (service, version) = (snapshot.Service, snapshot.Version);
        var told = _told.GetValueOrDefault((service, endpoint.Id));
        if (endpoint.Status == HealthStatus.Ejected)
        {
            _told[(service, endpoint.Id)] = version > told.Version ? (version, snapshot.At, endpoint.EjectedUntil) : told;
        }
        else if (endpoint.InRotation && told.Version != default && version > told.Version
            && cluster.Store.Find<EndpointRow>("endpoint", $"{service}/{endpoint.Id}")?.State is { Ejection: { } ejection }
            && ejection.Until == told.Until && ejection.At <= told.At)
        {
            cluster.Break(Name, $"{gateway.Name} shows {endpoint.Id} of {service} {endpoint.Status} in {version}, and its ejection ({ejection.Reason}, until {ejection.Until:HH:mm:ss.fff}), told of in {told.Version}, has not ended.");
        }
    }
}
