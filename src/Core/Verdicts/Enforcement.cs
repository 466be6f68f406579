using Mesh.Core.Outliers;
using Mesh.Core.Policies;

namespace Mesh.Core.Verdicts;

/// <summary>Envoy's <c>enforcing_*</c>: the chance in percent that a detection is acted on.</summary>
public static class Enforcement
{
    /// <summary>The chance of a detection, 0 to 100. Failed probes and failed active checks are always acted on, as in Envoy.</summary>
    public static int Percent(OutlierEvidence evidence, OutlierDetection policy)
    {
        var local = evidence.Note == RateDetectors.LocalOriginOnly;
        return evidence.Detector switch
        {
            OutlierDetector.Consecutive5xx => policy.EnforcingConsecutive5xx,
            OutlierDetector.ConsecutiveGatewayFailure => policy.EnforcingConsecutiveGatewayFailure,
            OutlierDetector.ConsecutiveLocalOriginFailure => policy.EnforcingConsecutiveLocalOriginFailure,
            OutlierDetector.SuccessRate => local ? policy.EnforcingLocalOriginSuccessRate : policy.EnforcingSuccessRate,
            OutlierDetector.FailurePercentage => local ? policy.EnforcingFailurePercentageLocalOrigin : policy.EnforcingFailurePercentage,
            OutlierDetector.Latency => policy.EnforcingLatency,
            OutlierDetector.Sequential => policy.EnforcingSequential,
            OutlierDetector.OneProxy => 0,
            _ => 100,
        };
    }

    /// <summary>Whether this detection is acted on.</summary>
    /// <param name="evidence">The detection.</param>
    /// <param name="policy">The percentages.</param>
    /// <param name="chance">From 0 (included) to 1; asked only when it decides.</param>
    public static bool Holds(OutlierEvidence evidence, OutlierDetection policy, Func<double> chance) =>
        Percent(evidence, policy) is var percent && percent >= 100 || (percent > 0 && chance() * 100 < percent);
}
