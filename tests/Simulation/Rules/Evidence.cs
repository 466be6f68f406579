using System.Globalization;
using Mesh.Core.Outliers;

namespace Mesh.Simulation.Rules;

/// <summary>Whether the figures of an ejection's evidence add up.</summary>
public static class Evidence
{
    private const double Rounding = 1e-6;

    /// <summary>What does not add up, for people; null when all does.</summary>
    public static string? Flaw(OutlierEvidence evidence)
    {
        if (evidence.Count < evidence.Threshold || evidence.Threshold < 1)
        {
            return $"{evidence.Count} is less than the threshold {evidence.Threshold}";
        }

        if (!evidence.Sources.IsDefaultOrEmpty && evidence.Sources.Aggregate(0L, (sum, s) => Sum(sum, s.Count)) is var sum && sum != evidence.Count)
        {
            return $"the sources' counts add up to {sum} and not to {evidence.Count}";
        }

        if (evidence.Detector is OutlierDetector.SuccessRate or OutlierDetector.FailurePercentage or OutlierDetector.Sequential)
        {
            if (evidence.Requests < evidence.Count)
            {
                return $"{evidence.Count} of {evidence.Requests} requests failed";
            }

            var share = (double)evidence.Count / evidence.Requests;
            if (evidence.Observed is not { } observed || Math.Abs(observed - share) > Rounding)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{evidence.Count} of {evidence.Requests} is {share:0.####} and not {evidence.Observed:0.####}");
            }
        }

        return evidence is { Observed: { } seen, Limit: { } limit } && seen < limit - Rounding
            ? string.Create(CultureInfo.InvariantCulture, $"{seen:0.####} is within the limit {limit:0.####}")
            : null;
    }

    private static long Sum(long left, long right) => left > long.MaxValue - right ? long.MaxValue : left + right;
}
