using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Mesh.Core.Health;
using Mesh.Core.Policies;
using Mesh.Core.Routing;
using Mesh.Core.Weights;

namespace Mesh.Core.Snapshots;

/// <summary>
/// A version of a service's snapshot. <see cref="Epoch"/> grows by one, on disk, each time the service's grain is activated, so
/// that versions stay monotone across a kill without a write for every change.
/// </summary>
public readonly record struct SnapshotVersion(long Epoch, long Number) : IComparable<SnapshotVersion>
{
    /// <inheritdoc/>
    public int CompareTo(SnapshotVersion other) => Epoch != other.Epoch ? Epoch.CompareTo(other.Epoch) : Number.CompareTo(other.Number);

    /// <summary><c>epoch.number</c>, as in <c>3.17</c>.</summary>
    public override string ToString() => $"{Epoch}.{Number}";

    /// <summary>Older than.</summary>
    public static bool operator <(SnapshotVersion left, SnapshotVersion right) => left.CompareTo(right) < 0;

    /// <summary>Newer than.</summary>
    public static bool operator >(SnapshotVersion left, SnapshotVersion right) => left.CompareTo(right) > 0;

    /// <summary>Older than, or the same.</summary>
    public static bool operator <=(SnapshotVersion left, SnapshotVersion right) => left.CompareTo(right) <= 0;

    /// <summary>Newer than, or the same.</summary>
    public static bool operator >=(SnapshotVersion left, SnapshotVersion right) => left.CompareTo(right) >= 0;
}

/// <summary>Everything downstream of a service is made of this: immutable, versioned, complete.</summary>
public sealed record ServiceSnapshot
{
    /// <summary>Whose snapshot this is.</summary>
    public required ServiceId Service { get; init; }

    /// <summary>Newer is greater; never reused.</summary>
    public required SnapshotVersion Version { get; init; }

    /// <summary>All endpoints, ordered by id (ordinal), also those out of rotation.</summary>
    public required ImmutableArray<EndpointSnapshot> Endpoints { get; init; }

    /// <summary>The policy in force; <see cref="TrafficPolicy.Default"/> when no document binds to the service.</summary>
    public required TrafficPolicy Policy { get; init; }

    /// <summary>Where requests for the service's host names go; null when no document says, and they go to the service itself.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ServiceRouting? Routing { get; init; }

    /// <summary>When this version was made.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>W3C traceparent of what caused this version, so that one trace leads from a report to the push; null when none.</summary>
    public string? Cause { get; init; }
}

/// <summary>One endpoint as the data plane is to see it.</summary>
public sealed record EndpointSnapshot
{
    /// <summary>Unique within the service.</summary>
    public required string Id { get; init; }

    /// <summary>An IP address as text: proxyless gRPC takes no host names in EDS.</summary>
    public required string Address { get; init; }

    /// <summary>1 to 65535.</summary>
    public required int Port { get; init; }

    /// <summary>Where it runs.</summary>
    public Locality Locality { get; init; } = Locality.Unknown;

    /// <summary>What the caller labelled it with, for subsets.</summary>
    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The weight as registered, 1 to 1000.</summary>
    public int ConfiguredWeight { get; init; } = 1;

    /// <summary>The effective weight in hundredths of a configured one, at least 1: configured x 100, less while probing and warming up, and times <see cref="AdaptivePercent"/>.</summary>
    public required int Weight { get; init; }

    /// <summary>Where it stands.</summary>
    public required HealthStatus Status { get; init; }

    /// <summary>When the present ejection ends; null when it is not ejected, or until its active checks pass.</summary>
    public DateTimeOffset? EjectedUntil { get; init; }

    /// <summary>How often in a row it was ejected: the multiplier of the base ejection time.</summary>
    public int EjectionMultiplier { get; init; }

    /// <summary>Why it stands there, for people: as in <c>5 consecutive 5xx</c>; null when there is nothing to say.</summary>
    public string? Reason { get; init; }

    /// <summary>Why <see cref="Weight"/> is not the configured one, for people: as in <c>warming up 40 %</c>; null when it is.</summary>
    public string? WeightReason { get; init; }

    /// <summary>The part of <see cref="Weight"/> that follows the load, in percent; null while weights do not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? AdaptivePercent { get; init; }

    /// <summary>Why it is that much, with the figures that it was set by; null when there is nothing to say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AdaptiveReason { get; init; }

    /// <summary>Whether requests may go to it.</summary>
    [JsonIgnore]
    public bool InRotation => Status is HealthStatus.Healthy or HealthStatus.Suspect or HealthStatus.Probing;

    /// <summary>An endpoint as its own grain tells of it, with what its service put on its weight.</summary>
    /// <param name="shown">The endpoint in its service's snapshot; null when it is not there.</param>
    public EndpointSnapshot WeighedAs(EndpointSnapshot? shown) => shown?.AdaptivePercent is { } percent
        ? this with { Weight = EffectiveWeight.Times(Weight, percent), AdaptivePercent = percent, AdaptiveReason = shown.AdaptiveReason }
        : this;
}
