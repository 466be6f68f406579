using System.Globalization;
using Mesh.Core.Health;

namespace Mesh.Core.Weights;

/// <summary>
/// How much of the traffic an endpoint is to get. Whole hundredths of a configured weight, because xDS knows only whole numbers and an
/// endpoint of weight 1 must be able to take a tenth of its share.
/// </summary>
public static class EffectiveWeight
{
    /// <summary>Hundredths in one configured weight.</summary>
    public const int Scale = 100;

    /// <summary>The share of its weight that an endpoint gets until it has proven itself, in percent.</summary>
    public const int ProbingPercent = 10;

    /// <summary>The largest weight that can be configured; the smallest is 1.</summary>
    public const int MaxConfigured = 1000;

    private const string Warming = "warming up";

    /// <summary>The weight to push, in hundredths, at least 1. Endpoints out of rotation keep the weight that they would return with.</summary>
    /// <param name="configured">As registered; outside of 1 to 1000 the nearest of the two holds.</param>
    /// <param name="status">Where it stands.</param>
    /// <param name="warmupPercent">How far it has warmed up (<see cref="WarmupCurve"/>); outside of 0 to 100 the nearest of the two holds.</param>
    public static int Of(int configured, HealthStatus status, int warmupPercent = 100)
    {
        var full = Math.Clamp(configured, 1, MaxConfigured) * Scale;
        var percent = status == HealthStatus.Probing ? ProbingPercent : Math.Clamp(warmupPercent, 0, 100);
        return Math.Max(1, full * percent / 100);
    }

    /// <summary>A weight in hundredths times a factor in percent, at least 1.</summary>
    public static int Times(int weight, int percent) => (int)Math.Clamp((long)weight * percent / 100, 1, int.MaxValue);

    /// <summary>Why the weight is not the configured one, for people; null when it is.</summary>
    /// <param name="status">Where it stands.</param>
    /// <param name="warmupPercent">How far it has warmed up; null when it is not warming up.</param>
    public static string? Reason(HealthStatus status, int? warmupPercent) =>
        status == HealthStatus.Probing ? $"{ProbingPercent} % until it has proven itself"
        : warmupPercent is { } percent ? $"{Warming} {percent} %"
        : null;

    /// <summary>Whether that reason is warm-up: a change that comes by itself, step by step.</summary>
    public static bool IsWarmup(string? reason) => reason?.StartsWith(Warming, StringComparison.Ordinal) == true;

    /// <summary>A weight in hundredths as people read it, in configured weights: <c>0.1</c>.</summary>
    public static string Text(int hundredths) => (hundredths / (decimal)Scale).ToString("0.##", CultureInfo.InvariantCulture);
}
