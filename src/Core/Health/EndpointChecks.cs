using System.Globalization;
using System.Text.Json.Serialization;

namespace Mesh.Core.Health;

/// <summary>What the control plane's own checks of an endpoint have shown lately, and when the next is due.</summary>
/// <remarks>It is not worth a write: after a restart checking begins anew.</remarks>
public sealed record EndpointChecks
{
    /// <summary>The next check is due at the first of the endpoint's moments after this: when the last began, or when checking did.</summary>
    public required DateTimeOffset After { get; init; }

    /// <summary>A check was asked for and has not ended.</summary>
    public bool UnderWay { get; init; }

    /// <summary>Passed checks in a row, and since it was ejected.</summary>
    public int Passed { get; init; }

    /// <summary>Failed checks in a row.</summary>
    public int Failed { get; init; }

    /// <summary>When the first of the failed checks in a row ended; null when there are none.</summary>
    public DateTimeOffset? FailedSince { get; init; }

    /// <summary>
    /// Set by <see cref="Policies.HealthCheck.UnhealthyThreshold"/> failed checks in a row, until <see cref="Policies.HealthCheck.HealthyThreshold"/> have passed in a
    /// row; between the two it is what it was (Envoy's <c>FAILED_ACTIVE_HC</c>).
    /// </summary>
    public bool Failing { get; init; }

    /// <summary>The answer that made it <see cref="Failing"/>; it does not change with later answers, because people see it.</summary>
    public string? FailingNote { get; init; }

    /// <summary>When the last check ended; null when none has.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>What the last check had to say; null when it had nothing.</summary>
    public string? Note { get; init; }

    /// <summary>Nobody sends the service requests.</summary>
    public bool Idle { get; init; }

    /// <summary>How it stands, for people, as in <c>3 failed in a row, the last at 12:00:03Z: 503</c>.</summary>
    [JsonIgnore]
    public string Summary => Ended is not { } ended ? "none has ended yet"
        : $"{(Failed > 0 ? $"{Failed} failed" : $"{Passed} passed")} in a row, the last at {ended.UtcDateTime.ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture)}{(Note is null ? "" : $": {Note}")}";

    /// <summary>What is wrong, for people.</summary>
    [JsonIgnore]
    public string Complaint => FailingNote is null ? "its checks fail" : $"its checks fail: {FailingNote}";
}
