namespace Mesh.Core.Policies.Documents;

/// <summary>Reads what <c>loadBalancer</c> says of weights: <c>warmup</c>, which is Istio's, and <c>adaptiveWeights</c>, which is not.</summary>
internal static class WeightsReader
{
    public const string Warmup = "warmup";
    public const string OldWarmup = "warmupDurationSecs";
    public const string Adaptive = "adaptiveWeights";

    private const int LargestAggression = 10_000;

    private static readonly TimeSpan ShortestWarmup = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestWarmup = TimeSpan.FromDays(1);
    private static readonly TimeSpan ShortestStep = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestStep = TimeSpan.FromMinutes(10);

    private static readonly FieldTable WarmupFields = new(["duration", "minimumPercent", "aggression"], [], []);

    private static readonly FieldTable AdaptiveFields = new(
        ["minimumPercent", "maximumPercent", "maximumStepPercent", "hysteresisPercent", "interval"], [], []);

    public static TrafficPolicy Read(FoundFields found, TrafficPolicy policy, ProblemList problems)
    {
        var which = found.OneOf([Warmup, OldWarmup]);
        if (found.Has("consistentHash"))
        {
            found.Refuse(
                Adaptive, "adaptiveWeights and consistentHash exclude each other: each step would move keys to other endpoints.", "Keep one of the two.");
        }

        return policy with
        {
            Warmup = which is null ? policy.Warmup
                : which == Warmup ? ReadWarmup(found.Find(Warmup)!.Value, problems)
                : new() { Duration = found.Time(OldWarmup, ShortestWarmup, LongestWarmup, new Warmup().Duration) },
            AdaptiveWeights = found.Find(Adaptive) is { } adaptive ? ReadAdaptive(adaptive, problems) : policy.AdaptiveWeights,
        };
    }

    private static Warmup ReadWarmup(Node node, ProblemList problems)
    {
        var found = new FoundFields(WarmupFields.Read(node, problems), problems);
        var defaults = new Warmup();
        if (!found.Has("duration"))
        {
            problems.Add(node, "The duration is missing.", "Write duration: 30s.");
        }

        return new()
        {
            Duration = found.Time("duration", ShortestWarmup, LongestWarmup, defaults.Duration),
            MinimumPercent = found.Percent("minimumPercent", defaults.MinimumPercent),
            Aggression = found.Find("aggression")?.Hundredths(100, LargestAggression, problems) ?? defaults.Aggression,
        };
    }

    private static AdaptiveWeights ReadAdaptive(Node node, ProblemList problems)
    {
        var found = new FoundFields(AdaptiveFields.Read(node, problems), problems);
        var defaults = new AdaptiveWeights();
        return new()
        {
            MinimumPercent = found.Whole("minimumPercent", 1, 100, defaults.MinimumPercent),
            MaximumPercent = found.Whole("maximumPercent", 100, 1000, defaults.MaximumPercent),
            MaximumStepPercent = found.Whole("maximumStepPercent", 1, 100, defaults.MaximumStepPercent),
            HysteresisPercent = found.Percent("hysteresisPercent", defaults.HysteresisPercent),
            Interval = found.Time("interval", ShortestStep, LongestStep, defaults.Interval),
        };
    }
}
