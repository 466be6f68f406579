using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Policies;
using Mesh.Core.Snapshots;

namespace Mesh.Xds.Tests;

/// <summary>Makes snapshots.</summary>
internal static class Snapshots
{
    public static readonly ServiceId Greeter = new("default", "greeter");

    public static EndpointSnapshot Endpoint(string id, int port, HealthStatus status = HealthStatus.Healthy, int weight = 100, string zone = "") =>
        new() { Id = id, Address = "10.0.0.1", Port = port, Status = status, Weight = weight, Locality = new Locality("", zone, "") };

    public static ServiceSnapshot Of(long number, params EndpointSnapshot[] endpoints) => Of(Greeter, number, TrafficPolicy.Default, endpoints);

    public static ServiceSnapshot Of(ServiceId service, long number, TrafficPolicy policy, params EndpointSnapshot[] endpoints) => new()
    {
        Service = service,
        Version = new(1, number),
        Endpoints = [.. endpoints],
        Policy = policy,
        At = DateTimeOffset.UnixEpoch.AddSeconds(number),
    };
}
