namespace Mesh.Core.Policies.Documents;

/// <summary>Reads those fields of <c>outlierDetection</c> that are about comparing endpoints: success rate, failure percentage, latency, the sequential test.</summary>
internal static class ComparisonsReader
{
    private const int MostHosts = 10_000;
    private const int MostRequests = 1_000_000;
    private const int LargestFactor = 100_000;

    private static readonly TimeSpan LargestDifference = TimeSpan.FromHours(1);

    public static readonly string[] Names =
    [
        "successRateMinimumHosts", "successRateRequestVolume", "successRateStdevFactor", "enforcingSuccessRate", "enforcingLocalOriginSuccessRate",
        "failurePercentageThreshold", "failurePercentageMinimumHosts", "failurePercentageRequestVolume", "enforcingFailurePercentage",
        "enforcingFailurePercentageLocalOrigin",
        "latencyQuantile", "latencyFactor", "latencyMinimumDifference", "latencyMinimumHosts", "latencyRequestVolume", "enforcingLatency",
        "sequentialFalsePositivesPerMillion", "sequentialMinimumHosts", "enforcingSequential",
    ];

    public static OutlierDetection Read(FoundFields found, OutlierDetection defaults) => defaults with
    {
        // What compares an endpoint with others needs another one.
        SuccessRateMinimumHosts = found.Whole("successRateMinimumHosts", 2, MostHosts, defaults.SuccessRateMinimumHosts),
        SuccessRateRequestVolume = found.Whole("successRateRequestVolume", 1, MostRequests, defaults.SuccessRateRequestVolume),
        SuccessRateStdevFactor = found.Whole("successRateStdevFactor", 0, LargestFactor, defaults.SuccessRateStdevFactor),
        EnforcingSuccessRate = found.Percent("enforcingSuccessRate", defaults.EnforcingSuccessRate),
        EnforcingLocalOriginSuccessRate = found.Percent("enforcingLocalOriginSuccessRate", defaults.EnforcingLocalOriginSuccessRate),
        FailurePercentageThreshold = found.Whole("failurePercentageThreshold", 1, 100, defaults.FailurePercentageThreshold),
        FailurePercentageMinimumHosts = found.Whole("failurePercentageMinimumHosts", 1, MostHosts, defaults.FailurePercentageMinimumHosts),
        FailurePercentageRequestVolume = found.Whole("failurePercentageRequestVolume", 1, MostRequests, defaults.FailurePercentageRequestVolume),
        EnforcingFailurePercentage = found.Percent("enforcingFailurePercentage", defaults.EnforcingFailurePercentage),
        EnforcingFailurePercentageLocalOrigin =
            found.Percent("enforcingFailurePercentageLocalOrigin", defaults.EnforcingFailurePercentageLocalOrigin),
        LatencyQuantile = found.Whole("latencyQuantile", 50, 99, defaults.LatencyQuantile),
        LatencyFactor = found.Whole("latencyFactor", 101, LargestFactor, defaults.LatencyFactor),
        LatencyMinimumDifference = found.Time("latencyMinimumDifference", TimeSpan.Zero, LargestDifference, defaults.LatencyMinimumDifference),
        LatencyMinimumHosts = found.Whole("latencyMinimumHosts", 2, MostHosts, defaults.LatencyMinimumHosts),
        LatencyRequestVolume = found.Whole("latencyRequestVolume", 1, MostRequests, defaults.LatencyRequestVolume),
        EnforcingLatency = found.Percent("enforcingLatency", defaults.EnforcingLatency),
        SequentialFalsePositivesPerMillion =
            found.Whole("sequentialFalsePositivesPerMillion", 1, 10_000, defaults.SequentialFalsePositivesPerMillion),
        SequentialMinimumHosts = found.Whole("sequentialMinimumHosts", 2, MostHosts, defaults.SequentialMinimumHosts),
        EnforcingSequential = found.Percent("enforcingSequential", defaults.EnforcingSequential),
    };
}
