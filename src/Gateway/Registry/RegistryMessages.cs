using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Snapshots;
using Mesh.Registry.V1;

namespace Mesh.Gateway.Registry;

/// <summary>Between the registry's messages and the mesh's own terms.</summary>
internal static class RegistryMessages
{
    /// <summary>The registration a message means, or all that is wrong with it.</summary>
    public static Outcome<EndpointRegistration> Registration(RegisterRequest request)
    {
        var problems = ImmutableArray.CreateBuilder<Problem>();
        var endpoint = request.Endpoint ?? new Endpoint();
        void Refuse(string field, string? value, string detail, string remedy) =>
            problems.Add(new Problem(ProblemKind.Invalid, field, value, detail, remedy));

        if (!Names.IsEndpointId(endpoint.Id))
        {
            Refuse("endpoint.id", endpoint.Id, "This cannot be an endpoint's id.", "Use 1 to 128 letters, digits and - _ . :");
        }

        var address = EndpointAddress.Canonical(endpoint.Address);
        if (address is null)
        {
            Refuse("endpoint.address", endpoint.Address, "The address is not an IP address.", EndpointAddress.Remedy);
        }
        else if (EndpointAddress.IsNobody(address))
        {
            Refuse("endpoint.address", endpoint.Address, "Nobody can connect to this address.", EndpointAddress.NobodyRemedy);
        }

        if (endpoint.Port is 0 or > 65535)
        {
            Refuse("endpoint.port", $"{endpoint.Port}", "This is not a port.", "Use 1 to 65535.");
        }

        if (endpoint.Weight > 1000)
        {
            Refuse("endpoint.weight", $"{endpoint.Weight}", "The weight is out of range.", "Use 1 to 1000; 0 means 1.");
        }

        if (request.InstanceId.Length > 128 || request.InstanceId.Any(char.IsControl))
        {
            Refuse("instance_id", null, "This cannot be an instance's id.", "Use at most 128 printable characters.");
        }

        if (endpoint.Labels.Count > 64 || endpoint.Labels.Any(static label => label.Key.Length is 0 or > 256 || label.Value.Length > 256))
        {
            Refuse("endpoint.labels", null, "There are too many labels, or one is too long.", "Use at most 64, each name and value at most 256 characters.");
        }

        foreach (var (field, text) in new[] { ("region", endpoint.Region), ("zone", endpoint.Zone), ("sub_zone", endpoint.SubZone) })
        {
            if (text.Length > 253)
            {
                Refuse($"endpoint.{field}", null, "This is longer than 253 characters.", "Shorten it.");
            }
        }

        var lease = Lease(request.Lease);
        if (request.Lease is not null && lease is null)
        {
            Refuse("lease", request.Lease.ToString(), "The lease is out of range.", "Use 1 s to 1 day, or leave it out for no renewal.");
        }

        return problems.Count > 0
            ? Outcome.Refused<EndpointRegistration>(problems.ToImmutable())
            : Outcome.Of(new EndpointRegistration
            {
                Id = endpoint.Id,
                Address = address!,
                Port = (int)endpoint.Port,
                Weight = Math.Max(1, (int)endpoint.Weight),
                InstanceId = Nothing(request.InstanceId),
                Lease = lease,
                Locality = (endpoint.Region, endpoint.Zone, endpoint.SubZone) is ("", "", "")
                    ? Locality.Unknown
                    : new Locality(endpoint.Region, endpoint.Zone, endpoint.SubZone),
                Labels = endpoint.Labels.ToImmutableSortedDictionary(StringComparer.Ordinal),
            });
    }

    public static string? Nothing(string text) => text.Length == 0 ? null : text;

    public static Endpoint Endpoint(EndpointSnapshot snapshot)
    {
        var endpoint = new Endpoint
        {
            Id = snapshot.Id,
            Address = snapshot.Address,
            Port = (uint)snapshot.Port,
            Weight = (uint)snapshot.ConfiguredWeight,
            Region = snapshot.Locality.Region,
            Zone = snapshot.Locality.Zone,
            SubZone = snapshot.Locality.SubZone,
            Status = Status(snapshot.Status),
            EjectedUntil = snapshot.EjectedUntil is { } until ? Timestamp.FromDateTimeOffset(until) : null,
            Reason = snapshot.Reason ?? "",
        };
        foreach (var (name, value) in snapshot.Labels)
        {
            endpoint.Labels.Add(name, value);
        }

        return endpoint;
    }

    public static WatchResponse Watch(ServiceSnapshot? snapshot)
    {
        var response = new WatchResponse { Version = snapshot?.Version.ToString() ?? "" };
        if (snapshot is not null)
        {
            response.Endpoints.AddRange(snapshot.Endpoints.Select(Endpoint));
        }

        return response;
    }

    public static Mesh.Registry.V1.Status Status(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => Mesh.Registry.V1.Status.Healthy,
        HealthStatus.Suspect => Mesh.Registry.V1.Status.Suspect,
        HealthStatus.Ejected => Mesh.Registry.V1.Status.Ejected,
        HealthStatus.Probing => Mesh.Registry.V1.Status.Probing,
        HealthStatus.Draining => Mesh.Registry.V1.Status.Draining,
        HealthStatus.Expired => Mesh.Registry.V1.Status.Expired,
        _ => Mesh.Registry.V1.Status.Unspecified,
    };

    public static Timestamp? Time(DateTimeOffset? time) => time is { } at ? Timestamp.FromDateTimeOffset(at) : null;

    private static TimeSpan? Lease(Duration? duration)
    {
        // Compared as numbers first: ToTimeSpan throws on what is absurd.
        if (duration is null || duration.Seconds is < 0 or > 86_400 || duration.Nanos is < 0 or >= 1_000_000_000)
        {
            return null;
        }

        var lease = duration.ToTimeSpan();
        return lease >= TimeSpan.FromSeconds(1) && lease <= TimeSpan.FromDays(1) ? lease : null;
    }
}
