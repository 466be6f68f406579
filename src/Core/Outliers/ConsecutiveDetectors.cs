using Mesh.Core.Policies;

namespace Mesh.Core.Outliers;

/// <summary>Envoy's consecutive detectors over the mesh-wide runs. A threshold of 0 turns a detector off.</summary>
public static class ConsecutiveDetectors
{
    /// <summary>The strongest evidence in the runs; null when no threshold is reached.</summary>
    public static OutlierEvidence? Judge(FailureRuns runs, OutlierDetection policy)
    {
        OutlierEvidence? strongest = null;
        Consider(OutlierDetector.Consecutive5xx, runs.Consecutive5xx, policy.Consecutive5xx, source => source.Consecutive5xx);
        Consider(
            OutlierDetector.ConsecutiveGatewayFailure, runs.ConsecutiveGatewayFailure, policy.ConsecutiveGatewayFailure,
            source => source.ConsecutiveGatewayFailure);
        if (policy.SplitExternalLocalOriginErrors)
        {
            Consider(
                OutlierDetector.ConsecutiveLocalOriginFailure, runs.ConsecutiveLocalOriginFailure, policy.ConsecutiveLocalOriginFailure,
                source => source.ConsecutiveLocalOriginFailure);
        }

        return strongest;

        void Consider(OutlierDetector detector, long run, int threshold, Func<RunSource, long> part)
        {
            if (threshold > 0 && run >= threshold
                && new OutlierEvidence(detector, run, threshold) is var evidence && evidence.CompareTo(strongest) > 0)
            {
                strongest = evidence with { Since = runs.Began, Sources = EvidenceSources.OfRun(runs, run, part) };
            }
        }
    }

    /// <summary>How many of a period's failures concern a detector that is on; what no detector looks at is nobody's fault.</summary>
    public static long Counted(EndpointObservation observation, OutlierDetection policy)
    {
        var seen = ObservationCounts.Of(observation);
        var split = policy.SplitExternalLocalOriginErrors;
        var answers = policy.Consecutive5xx > 0 ? seen.External
            : policy.ConsecutiveGatewayFailure > 0 ? seen.Gateway
            : 0;
        var localCounts = split
            ? policy.ConsecutiveLocalOriginFailure > 0
            : policy.Consecutive5xx > 0 || policy.ConsecutiveGatewayFailure > 0;
        return answers + (localCounts ? seen.Local : 0);
    }
}
