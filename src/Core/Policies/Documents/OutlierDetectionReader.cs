namespace Mesh.Core.Policies.Documents;

/// <summary>
/// Reads <c>outlierDetection</c>. Where Istio has a name for a field, it is the only one; the rest has Envoy's names as protobuf's JSON writes them, and
/// what neither has follows Envoy's pattern.
/// </summary>
internal static class OutlierDetectionReader
{
    /// <summary>More failures in a row than anybody waits for.</summary>
    public const int MostFailures = 1_000_000;

    private const string Gateway = "consecutiveGatewayErrors";
    private const string Local = "consecutiveLocalOriginFailures";
    private const string Old = "consecutiveErrors";
    private const string Split = "splitExternalLocalOriginErrors";
    private const string Uneject = "successfulActiveHealthCheckUnejectHost";
    private const string WriteSplit = $"Write {Split}: true, or leave this out.";

    private static readonly TimeSpan ShortestTime = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(1);

    private static readonly string[] OnlyWhenSplit =
        [Local, "enforcingConsecutiveLocalOriginFailure", "enforcingLocalOriginSuccessRate", "enforcingFailurePercentageLocalOrigin"];

    private static readonly FieldTable Fields = new(
        [
            Split, Local, Gateway, "consecutive5xxErrors", Old, "interval", "baseEjectionTime", "maxEjectionPercent", "minHealthPercent",
            "enforcingConsecutive5xx", "enforcingConsecutiveGatewayFailure", "enforcingConsecutiveLocalOriginFailure",
            "maxEjectionTime", "maxEjectionTimeJitter", "alwaysEjectOneHost", Uneject,
            .. ComparisonsReader.Names,
        ],
        [],
        []);

    /// <param name="node">The object.</param>
    /// <param name="hasCheck">Whether there are active checks.</param>
    /// <param name="problems">Takes what is wrong.</param>
    public static OutlierDetection Read(Node node, bool hasCheck, ProblemList problems)
    {
        var found = new FoundFields(Fields.Read(node, problems), problems);
        var outliers = ComparisonsReader.Read(found, ReadConsecutive(found, new()));
        CheckCombinations(found, outliers, hasCheck);
        return ReadTimes(found, outliers) with
        {
            MaxEjectionPercent = found.Percent("maxEjectionPercent", outliers.MaxEjectionPercent),
            MinHealthPercent = found.Percent("minHealthPercent", outliers.MinHealthPercent),
            AlwaysEjectOneHost = found.Flag("alwaysEjectOneHost", outliers.AlwaysEjectOneHost),
            SuccessfulActiveHealthCheckUnejectHost =
                found.Flag(Uneject, outliers.SuccessfulActiveHealthCheckUnejectHost),
        };
    }

    private static OutlierDetection ReadConsecutive(FoundFields found, OutlierDetection defaults)
    {
        // The older consecutiveErrors meant gateway errors alone, as Istio translated it: it takes the place of the 5xx detector.
        var old = found.Whole(Old, 0, MostFailures, 0);
        return defaults with
        {
            SplitExternalLocalOriginErrors = found.Flag(Split, defaults.SplitExternalLocalOriginErrors),
            Consecutive5xx = found.Whole("consecutive5xxErrors", 0, MostFailures, old > 0 ? 0 : defaults.Consecutive5xx),
            ConsecutiveGatewayFailure = found.Whole(Gateway, 0, MostFailures, old),
            ConsecutiveLocalOriginFailure = found.Whole(Local, 0, MostFailures, defaults.ConsecutiveLocalOriginFailure),
            EnforcingConsecutive5xx = found.Percent("enforcingConsecutive5xx", defaults.EnforcingConsecutive5xx),
            EnforcingConsecutiveGatewayFailure = found.Percent("enforcingConsecutiveGatewayFailure", defaults.EnforcingConsecutiveGatewayFailure),
            EnforcingConsecutiveLocalOriginFailure =
                found.Percent("enforcingConsecutiveLocalOriginFailure", defaults.EnforcingConsecutiveLocalOriginFailure),
        };
    }

    private static OutlierDetection ReadTimes(FoundFields found, OutlierDetection defaults)
    {
        var first = found.Time("baseEjectionTime", ShortestTime, LongestTime, defaults.BaseEjectionTime);
        var longest = found.Time("maxEjectionTime", ShortestTime, LongestTime, first > defaults.MaxEjectionTime ? first : defaults.MaxEjectionTime);
        if (longest < first)
        {
            found.Refuse(
                "maxEjectionTime", "The longest ejection is shorter than the first one.", $"Write {DurationText.Format(first)} or more, or a smaller baseEjectionTime.");
        }

        return defaults with
        {
            Interval = found.Time("interval", ShortestTime, LongestTime, defaults.Interval),
            BaseEjectionTime = first,
            MaxEjectionTime = longest,
            MaxEjectionTimeJitter = found.Time("maxEjectionTimeJitter", TimeSpan.Zero, LongestTime, defaults.MaxEjectionTimeJitter),
        };
    }

    private static void CheckCombinations(FoundFields found, OutlierDetection read, bool hasCheck)
    {
        if (!hasCheck)
        {
            found.Refuse(Uneject, "The field has no effect without a healthCheck.", "Write a healthCheck, or leave this out.");
        }

        foreach (var name in read.SplitExternalLocalOriginErrors ? [] : OnlyWhenSplit)
        {
            found.Refuse(name, $"The field has no effect without {Split}.", WriteSplit);
        }

        if (found.Has(Gateway))
        {
            found.Refuse(Old, $"{Old} is the old name of {Gateway}; both are there.", $"Keep {Gateway}.");
        }

        if (read.ConsecutiveGatewayFailure == 0)
        {
            found.Refuse("enforcingConsecutiveGatewayFailure", $"The field has no effect: {Gateway} is 0, which turns the detector off.", $"Write {Gateway}: 5, or leave this out.");
        }

        if (read.Consecutive5xx == 0)
        {
            found.Refuse("enforcingConsecutive5xx", "The field has no effect: the detector of consecutive 5xx is off.", "Write consecutive5xxErrors: 5, or leave this out.");
        }

        if (read is { SplitExternalLocalOriginErrors: true, ConsecutiveLocalOriginFailure: 0 })
        {
            found.Refuse("enforcingConsecutiveLocalOriginFailure", $"The field has no effect: {Local} is 0, which turns the detector off.", $"Write {Local}: 5, or leave this out.");
        }
    }
}
