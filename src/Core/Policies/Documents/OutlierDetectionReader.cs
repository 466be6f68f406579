namespace Mesh.Core.Policies.Documents;

/// <summary>Reads <c>outlierDetection</c>.</summary>
internal static class OutlierDetectionReader
{
    /// <summary>More failures in a row than anybody waits for.</summary>
    public const int MostFailures = 1_000_000;

    private static readonly TimeSpan ShortestTime = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(1);

    private static readonly FieldTable Fields = new(
        [
            "splitExternalLocalOriginErrors", "consecutiveLocalOriginFailures", "consecutiveGatewayErrors", "consecutive5xxErrors",
            "consecutiveErrors", "interval", "baseEjectionTime", "maxEjectionPercent", "minHealthPercent",
        ],
        [],
        []);

    public static OutlierDetection Read(Node node, ProblemList problems)
    {
        var fields = Fields.Read(node, problems);
        var defaults = new OutlierDetection();
        var split = fields.TryGetValue("splitExternalLocalOriginErrors", out var splitNode) && splitNode.Flag(problems) == true;
        var baseTime = Time("baseEjectionTime") ?? defaults.BaseEjectionTime;
        CheckCombinations(fields, split, problems);

        // The older consecutiveErrors meant gateway errors alone, as Istio translated it: it takes the place of the 5xx detector.
        var old = Count("consecutiveErrors");
        return new()
        {
            SplitExternalLocalOriginErrors = split,
            Consecutive5xx = Count("consecutive5xxErrors") ?? (old > 0 ? 0 : defaults.Consecutive5xx),
            ConsecutiveGatewayFailure = Count("consecutiveGatewayErrors") ?? old ?? defaults.ConsecutiveGatewayFailure,
            ConsecutiveLocalOriginFailure = Count("consecutiveLocalOriginFailures") ?? defaults.ConsecutiveLocalOriginFailure,
            Interval = Time("interval") ?? defaults.Interval,
            BaseEjectionTime = baseTime,
            MaxEjectionTime = baseTime > defaults.MaxEjectionTime ? baseTime : defaults.MaxEjectionTime,
            MaxEjectionPercent = Percent("maxEjectionPercent") ?? defaults.MaxEjectionPercent,
            MinHealthPercent = Percent("minHealthPercent") ?? defaults.MinHealthPercent,
        };

        int? Count(string name) => fields.TryGetValue(name, out var field) ? field.Whole(0, MostFailures, problems) : null;

        int? Percent(string name) => fields.TryGetValue(name, out var field) ? field.Whole(0, 100, problems) : null;

        TimeSpan? Time(string name) => fields.TryGetValue(name, out var field) ? field.Duration(ShortestTime, LongestTime, problems) : null;
    }

    private static void CheckCombinations(IReadOnlyDictionary<string, Node> fields, bool split, ProblemList problems)
    {
        if (fields.TryGetValue("consecutiveLocalOriginFailures", out var local) && !split)
        {
            problems.Add(
                local, "The field has no effect without splitExternalLocalOriginErrors.", "Write splitExternalLocalOriginErrors: true, or leave this out.");
        }

        if (fields.TryGetValue("consecutiveErrors", out var old) && fields.ContainsKey("consecutiveGatewayErrors"))
        {
            problems.Add(old, "consecutiveErrors is the old name of consecutiveGatewayErrors; both are there.", "Keep consecutiveGatewayErrors.");
        }
    }
}
