using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Snapshots;
using Orleans;

namespace Mesh.Contracts;

/// <summary>
/// One endpoint; its key is <c>namespace/service/id</c>. It owns its registration, lease, run of failures, ejection and weight.
/// This is what anybody may ask of it; what only its service may is <see cref="IEndpointMemberGrain"/>.
/// </summary>
[Alias("mesh.IEndpointGrain")]
public interface IEndpointGrain : IGrainWithStringKey
{
    /// <summary>What there is to know of it; null when it is not registered.</summary>
    [Alias("Get")]
    Task<EndpointView?> Get();

    /// <summary>
    /// Renews the lease. <see cref="ProblemKind.NotFound"/> means: register again; <see cref="ProblemKind.Conflict"/>: another
    /// instance has taken the id. A renewal is not written to disk: after a restart every lease starts anew.
    /// </summary>
    [Alias("Renew")]
    Task<Outcome<EndpointView>> Renew(string? instanceId);
}

/// <summary>What a caller says of an endpoint.</summary>
public sealed record EndpointRegistration
{
    /// <summary>Unique within the service; see <see cref="Names.IsEndpointId"/>.</summary>
    public required string Id { get; init; }

    /// <summary>An IP address as text.</summary>
    public required string Address { get; init; }

    /// <summary>1 to 65535.</summary>
    public required int Port { get; init; }

    /// <summary>The caller's own id for this life of the endpoint, so that a repeat can be told from a successor; null when it has none.</summary>
    public string? InstanceId { get; init; }

    /// <summary>Renew at least this often; 1 s to 1 day; null for an endpoint that needs no renewal.</summary>
    public TimeSpan? Lease { get; init; }

    /// <summary>1 to 1000.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Where it runs.</summary>
    public Locality Locality { get; init; } = Locality.Unknown;

    /// <summary>At most 64, each key and value at most 256 characters.</summary>
    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}

/// <summary>An endpoint as an admin sees it.</summary>
/// <param name="Service">Of which service.</param>
/// <param name="Endpoint">As the data plane sees it.</param>
/// <param name="InstanceId">The caller's id for this life of it; null when it gave none.</param>
/// <param name="Lease">The lease asked for; null when it needs no renewal.</param>
/// <param name="LeaseExpires">When it runs out; null when it needs no renewal.</param>
/// <param name="RegisteredAt">When this life of it began.</param>
/// <param name="ConsecutiveFailures">The run of failures under way, over the whole mesh.</param>
public sealed record EndpointView(
    ServiceId Service,
    EndpointSnapshot Endpoint,
    string? InstanceId,
    TimeSpan? Lease,
    DateTimeOffset? LeaseExpires,
    DateTimeOffset RegisteredAt,
    long ConsecutiveFailures)
{
    /// <summary>What the control plane's own checks have shown; null when it is not checked.</summary>
    public EndpointChecks? Checks { get; init; }

    /// <summary>Whether the registration that answered with this entered an endpoint that was not there.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Created { get; init; }

    /// <summary>Whether this is what an earlier try of the command answered: the endpoint may have changed since.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Recalled { get; init; }

    /// <summary>The present ejection, with what it was made on; null when it is not ejected.</summary>
    public Ejection? Ejection { get; init; }

    /// <summary>What the present ejection was made on; null when it is not ejected, or by hand.</summary>
    [JsonIgnore]
    public OutlierEvidence? Evidence => Ejection?.Evidence;
}
