using System.Text.Json.Nodes;
using Mesh.Api;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;
using Mesh.Gateway.Rest.Documents;

namespace Mesh.Gateway.Rest;

/// <summary>From what the grains say to what the API shows.</summary>
internal static class Views
{
    public static ServiceSummary Summary(ServiceSnapshot snapshot)
    {
        var count = Count(snapshot);
        return new(
            snapshot.Service.Namespace, snapshot.Service.Name, snapshot.Version.ToString(), snapshot.Endpoints.Length,
            count[(int)HealthStatus.Healthy], count[(int)HealthStatus.Ejected], count[(int)HealthStatus.Draining],
            count[(int)HealthStatus.Expired], snapshot.Policy.Source);
    }

    /// <param name="snapshot">The service.</param>
    /// <param name="exists">Whether there is a service of that name.</param>
    public static ServiceDetail Detail(ServiceSnapshot snapshot, Func<ServiceId, bool> exists)
    {
        var count = Count(snapshot);
        return new(
            snapshot.Service.Namespace, snapshot.Service.Name, HostNames.All(snapshot.Service), snapshot.Version.ToString(), snapshot.At,
            snapshot.Endpoints.Length, count[(int)HealthStatus.Healthy], count[(int)HealthStatus.Ejected],
            count[(int)HealthStatus.Draining], count[(int)HealthStatus.Expired], PolicyViews.Of(snapshot.Policy))
        {
            Routing = snapshot.Routing is { } routing ? PolicyViews.Of(routing, exists) : null,
        };
    }

    public static EndpointDetail Endpoint(EndpointView view) => Endpoint(view.Service, view.Endpoint) with
    {
        ConsecutiveFailures = view.ConsecutiveFailures,
        InstanceId = view.InstanceId,
        Lease = view.Lease is { } lease ? DurationText.Format(lease) : null,
        LeaseExpires = view.LeaseExpires,
        RegisteredAt = view.RegisteredAt,
    };

    public static EndpointDetail Endpoint(ServiceId service, EndpointSnapshot endpoint) => new()
    {
        Namespace = service.Namespace,
        Service = service.Name,
        Id = endpoint.Id,
        Address = endpoint.Address,
        Port = endpoint.Port,
        Status = endpoint.Status.ToString(),
        Reason = endpoint.Reason,
        Weight = endpoint.ConfiguredWeight,
        EffectiveWeight = endpoint.Weight / 100.0,
        EjectedUntil = endpoint.EjectedUntil,
        EjectionMultiplier = endpoint.EjectionMultiplier,
        Locality = endpoint.Locality == Locality.Unknown
            ? null
            : new LocalityView(endpoint.Locality.Region, endpoint.Locality.Zone, endpoint.Locality.SubZone),
        Labels = endpoint.Labels,
    };

    public static PolicyView Document(PolicyDocument document, bool dryRun = false) => new(
        document.Key.Kind, document.Key.Namespace, document.Key.Name, document.Version, document.BoundTo.ToString(), document.UpdatedAt,
        JsonNode.Parse(document.Json), dryRun);

    private static int[] Count(ServiceSnapshot snapshot)
    {
        var count = new int[Enum.GetValues<HealthStatus>().Length];
        foreach (var endpoint in snapshot.Endpoints)
        {
            count[(int)endpoint.Status]++;
        }

        return count;
    }
}
