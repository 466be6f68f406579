using System.Text.Json.Serialization;
using Mesh.Core.Outliers;

namespace Mesh.Core.Health;

/// <summary>
/// All that an endpoint knows of itself: what its grain holds and writes to disk. <see cref="Status"/> is derived from the facts, so that no
/// two fields can contradict each other.
/// </summary>
public sealed record EndpointState
{
    /// <summary>What the caller said of it.</summary>
    public required EndpointSpec Spec { get; init; }

    /// <summary>When this life of it began.</summary>
    public required DateTimeOffset RegisteredAt { get; init; }

    /// <summary>When the lease runs out; null when it needs no renewal.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? LeaseExpires { get; init; }

    /// <summary>When it was found that the lease had run out; null while it holds.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? ExpiredAt { get; init; }

    /// <summary>Leaving, by somebody's wish.</summary>
    public bool Draining { get; init; }

    /// <summary>The runs of failures, mesh-wide. While it is ejected they are those that it was ejected for.</summary>
    public FailureRuns Runs { get; init; } = FailureRuns.None;

    /// <summary>Why the budget refused to eject it for the present run; null when it did not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Refusal { get; init; }

    /// <summary>The present ejection; null when it is not ejected.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Ejection? Ejection { get; init; }

    /// <summary>The proof under way after an ejection; null when there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Probe? Probe { get; init; }

    /// <summary>How its weight grows; null when it has all of it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Warming? Warming { get; init; }

    /// <summary>What the control plane's own checks have shown; null when it is not checked.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public EndpointChecks? Checks { get; init; }

    /// <summary>How often in a row it was ejected; shrinks by one with each interval in full rotation.</summary>
    public int EjectionMultiplier { get; init; }

    /// <summary>From when the next shrinking of the multiplier is counted; null when none is due.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? LastMultiplierDecay { get; init; }

    /// <summary>Unique within the service.</summary>
    [JsonIgnore]
    public string Id => Spec.Id;

    /// <summary>Where it stands: the first that applies of expired, draining, ejected, probing, suspect, healthy.</summary>
    [JsonIgnore]
    public HealthStatus Status =>
        ExpiredAt is not null ? HealthStatus.Expired
        : Draining ? HealthStatus.Draining
        : Ejection is not null ? HealthStatus.Ejected
        : Probe is not null ? HealthStatus.Probing
        : Refusal is not null || Checks is { Failing: true } || Runs.Longest() >= EndpointMachine.SuspectRun ? HealthStatus.Suspect
        : HealthStatus.Healthy;

    /// <summary>
    /// Why it stands there, for people; null when there is nothing to say. It holds no figure that moves with each request, because each
    /// change of it is a new version of the service's snapshot.
    /// </summary>
    [JsonIgnore]
    public string? Reason => Status switch
    {
        HealthStatus.Expired => "lease not renewed",
        HealthStatus.Draining => "drained",
        HealthStatus.Ejected => Ejection!.Reason,
        HealthStatus.Probing => Refusal is null ? $"returning from ejection for {Probe!.After}" : $"not ejected: {Refusal}",
        HealthStatus.Suspect =>
            Refusal is not null ? $"not ejected: {Refusal}"
            : Checks is { Failing: true } ? Checks.Complaint
            : "a run of failures is under way",
        _ => null,
    };
}

/// <summary>One ejection.</summary>
/// <param name="At">When it began.</param>
/// <param name="Until">
/// When it ends; null when no time ends it but <see cref="Policies.HealthCheck.HealthyThreshold"/> passed checks: because failed checks were its reason, or
/// because its checks were failing when its time was over.
/// </param>
/// <param name="Reason">Why, for people.</param>
/// <param name="Manual">By hand, past the budget.</param>
public sealed record Ejection(DateTimeOffset At, DateTimeOffset? Until, string Reason, bool Manual)
{
    /// <summary>The figures that it was ejected on; null by hand, and for one of before these were kept.</summary>
    public OutlierEvidence? Evidence { get; init; }

    /// <summary>Which version of which document ejected it (<see cref="Policies.TrafficPolicy.Source"/>); null for the default policy.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PolicySource { get; init; }

    /// <summary>What noticed; null by hand.</summary>
    [JsonIgnore]
    public OutlierDetector? Detector => Evidence?.Detector;
}

/// <summary>The proof that an endpoint gives after an ejection.</summary>
/// <param name="Succeeded">Successes in a row so far.</param>
/// <param name="After">Why it had been ejected.</param>
public sealed record Probe(long Succeeded, string After);
