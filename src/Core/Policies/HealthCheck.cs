using System.Text.Json.Serialization;

namespace Mesh.Core.Policies;

/// <summary>What a check speaks.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HealthCheckProtocol>))]
public enum HealthCheckProtocol
{
    /// <summary>GET over HTTP/1.1; the status decides.</summary>
    Http,

    /// <summary>A connection that comes up.</summary>
    Tcp,

    /// <summary><c>grpc.health.v1.Health/Check</c>; SERVING passes.</summary>
    Grpc,
}

/// <summary>
/// How the control plane checks a service's endpoints. Names as in Envoy's <c>core.v3.HealthCheck</c>; one checker for the whole mesh instead of one in
/// every proxy.
/// </summary>
public sealed record HealthCheck
{
    /// <summary>What is spoken.</summary>
    public HealthCheckProtocol Protocol { get; init; }

    /// <summary>What HTTP asks for.</summary>
    public string Path { get; init; } = "/";

    /// <summary>The Host header, and gRPC's authority; null for the endpoint's address.</summary>
    public string? Host { get; init; }

    /// <summary>The lowest status that passes.</summary>
    public int ExpectedStatusFrom { get; init; } = 200;

    /// <summary>The first status above it that does not.</summary>
    public int ExpectedStatusTo { get; init; } = 300;

    /// <summary>The service that gRPC asks about; empty for the server as a whole.</summary>
    public string GrpcServiceName { get; init; } = "";

    /// <summary>Check this port instead of the endpoint's; null for the endpoint's.</summary>
    public int? Port { get; init; }

    /// <summary>From one check of an endpoint to the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A check that takes longer has failed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Failed checks in a row that eject.</summary>
    public int UnhealthyThreshold { get; init; } = 3;

    /// <summary>Passed checks in a row that end an ejection.</summary>
    public int HealthyThreshold { get; init; } = 2;

    /// <summary>Takes the place of <see cref="Interval"/> while nobody sends the service requests.</summary>
    public TimeSpan NoTrafficInterval { get; init; } = TimeSpan.FromSeconds(60);
}
