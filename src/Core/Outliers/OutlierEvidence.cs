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
}

/// <summary>Why an endpoint deserves to be ejected, in figures.</summary>
/// <param name="Detector">What noticed.</param>
/// <param name="Count">Failures seen.</param>
/// <param name="Threshold">Failures that suffice, at least 1.</param>
public sealed record OutlierEvidence(OutlierDetector Detector, long Count, long Threshold) : IComparable<OutlierEvidence>
{
    /// <summary>The same for people, as in <c>5 consecutive 5xx</c>.</summary>
    [JsonIgnore]
    public string Reason => Detector switch
    {
        OutlierDetector.Consecutive5xx => $"{Count} consecutive 5xx",
        OutlierDetector.ConsecutiveGatewayFailure => $"{Count} consecutive gateway failures",
        OutlierDetector.ConsecutiveLocalOriginFailure => $"{Count} consecutive local-origin failures",
        _ => Count == 1 ? "1 failure while probing" : $"{Count} failures while probing",
    };

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
