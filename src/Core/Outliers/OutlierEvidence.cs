using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Serialization;

namespace Mesh.Core.Outliers;

/// <summary>What noticed that an endpoint is an outlier. Names are Envoy's.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OutlierDetector>))]
public enum OutlierDetector
{
    /// <summary>A run of 5xx answers.</summary>
    Consecutive5xx,

    /// <summary>A run of 502, 503 and 504.</summary>
    ConsecutiveGatewayFailure,

    /// <summary>A run of failures without an answer.</summary>
    ConsecutiveLocalOriginFailure,

    /// <summary>It failed while it was to prove itself after an ejection.</summary>
    FailedProbe,

    /// <summary>Its success rate lies below its peers' mean by more than a number of standard deviations, and by more than chance explains.</summary>
    SuccessRate,

    /// <summary>The share of its requests that failed reached a fixed threshold.</summary>
    FailurePercentage,

    /// <summary>A high quantile of its response times stands out against its peers'.</summary>
    Latency,

    /// <summary>The evidence that it fails more often than its peers has become strong enough, whenever that was.</summary>
    Sequential,

    /// <summary>The control plane's own checks of it failed.</summary>
    ActiveHealthCheck,

    /// <summary>
    /// One proxy saw its failures and others did not: that speaks of the way between the two and not of the endpoint, so it is only recorded.
    /// </summary>
    OneProxy,
}

/// <summary>Why an endpoint deserves to be ejected, in figures.</summary>
/// <param name="Detector">What noticed.</param>
/// <param name="Count">Failures seen.</param>
/// <param name="Threshold">Failures that suffice, at least 1.</param>
public sealed record OutlierEvidence(OutlierDetector Detector, long Count, long Threshold) : IComparable<OutlierEvidence>
{
    /// <summary>How many requests were looked at; 0 where only a run was counted. For one proxy's share in the failures these are the failed ones.</summary>
    public long Requests { get; init; }

    /// <summary>
    /// What was measured: the share of requests that failed (0 to 1) for rates and the sequential test, seconds for latency; null for runs.
    /// </summary>
    public double? Observed { get; init; }

    /// <summary>Where <see cref="Observed"/> begins to be too much, in its unit; null for runs.</summary>
    public double? Limit { get; init; }

    /// <summary>What its peers showed meanwhile, in the unit of <see cref="Observed"/>; null for runs.</summary>
    public double? Peers { get; init; }

    /// <summary>How many endpoints were compared, itself included; 0 for runs.</summary>
    public int Hosts { get; init; }

    /// <summary>When what is counted here began; null when nobody can tell.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Which proxies saw it; the counts add up to <see cref="Count"/>. Empty when no reporter was named.</summary>
    public ImmutableArray<EvidenceSource> Sources { get; init; } = [];

    /// <summary>More for people than the figures say, such as the answer of a failed check; null when there is nothing.</summary>
    public string? Note { get; init; }

    /// <summary>The same for people, as in <c>5 consecutive 5xx</c>.</summary>
    [JsonIgnore]
    public string Reason => Detector switch
    {
        OutlierDetector.Consecutive5xx => $"{Count} consecutive 5xx",
        OutlierDetector.ConsecutiveGatewayFailure => $"{Count} consecutive gateway failures",
        OutlierDetector.ConsecutiveLocalOriginFailure => $"{Count} consecutive local-origin failures",
        OutlierDetector.SuccessRate => $"low success rate: {Compared}",
        OutlierDetector.FailurePercentage => $"high failure percentage: {Compared}",
        OutlierDetector.Latency => string.Create(CultureInfo.InvariantCulture, $"slow: {Observed * 1000:0.#} ms, its peers {Peers * 1000:0.#} ms"),
        OutlierDetector.Sequential => $"fails more than its peers: {Compared}",
        OutlierDetector.OneProxy => $"one proxy saw {Count} of its {Requests} failures",
        OutlierDetector.ActiveHealthCheck => $"{(Count == 1 ? "1 failed active check" : $"{Count} failed active checks")}{(Note is null ? "" : $": {Note}")}",
        _ => Count == 1 ? "1 failure while probing" : $"{Count} failures while probing",
    };

    private string Compared =>
        $"{Count} of {Requests} requests failed{(Peers is { } peers ? string.Create(CultureInfo.InvariantCulture, $", {peers * 100:0.##} % at its peers") : "")}";

    /// <summary>By content.</summary>
    public bool Equals(OutlierEvidence? other) =>
        ReferenceEquals(this, other)
        || (other is not null
            && (Detector, Count, Threshold, Requests, Hosts, Since, Note)
            == (other.Detector, other.Count, other.Threshold, other.Requests, other.Hosts, other.Since, other.Note)
            && (Observed, Limit, Peers) == (other.Observed, other.Limit, other.Peers)
            && Sources.SequenceEqual(other.Sources));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Detector, Count, Threshold, Requests, Since);

    /// <summary>Stronger evidence is greater: the more often the count holds its threshold, then the larger count.</summary>
    public int CompareTo(OutlierEvidence? other)
    {
        if (other is null)
        {
            return 1;
        }

        // Count / Threshold against the other's, without the rounding of a division.
        var byShare = ((Int128)Count * other.Threshold).CompareTo((Int128)other.Count * Threshold);
        return byShare != 0 ? byShare : Count.CompareTo(other.Count);
    }

    /// <summary>Weaker than.</summary>
    public static bool operator <(OutlierEvidence left, OutlierEvidence right) => left.CompareTo(right) < 0;

    /// <summary>Stronger than.</summary>
    public static bool operator >(OutlierEvidence left, OutlierEvidence right) => left.CompareTo(right) > 0;

    /// <summary>Weaker than, or as strong.</summary>
    public static bool operator <=(OutlierEvidence left, OutlierEvidence right) => left.CompareTo(right) <= 0;

    /// <summary>Stronger than, or as strong.</summary>
    public static bool operator >=(OutlierEvidence left, OutlierEvidence right) => left.CompareTo(right) >= 0;
}

/// <summary>One proxy's share in the evidence.</summary>
/// <param name="Proxy">Its node id; empty for all those that are not named.</param>
/// <param name="Count">Its part of <see cref="OutlierEvidence.Count"/>.</param>
public sealed record EvidenceSource(string Proxy, long Count);
