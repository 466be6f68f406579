using System.Collections.Immutable;
using System.Globalization;
using Mesh.Core;
using Mesh.Core.Policies;
using Mesh.Simulation.Engine;
using Mesh.Simulation.Nodes;

namespace Mesh.Simulation.Weather;

/// <summary>Policies at random, with times short enough that a run sees many ejections end.</summary>
public static class PolicyChanges
{
    /// <summary>No ejection by <see cref="Any"/> policy is longer, jitter included.</summary>
    public static readonly TimeSpan LongestEjection = TimeSpan.FromSeconds(34);

    private static readonly int[] Percents = [0, 10, 20, 30, 50, 60, 100];

    private static readonly int[] Runs = [0, 2, 3, 5, 5, 5, 10];

    public static TrafficPolicy Any(Dice dice, int version) => TrafficPolicy.Default with
    {
        Source = string.Create(CultureInfo.InvariantCulture, $"DestinationRule/default/shop@{version}"),
        LoadBalancer = dice.Chance(0.5) ? LoadBalancerAlgorithm.LeastRequest : LoadBalancerAlgorithm.Random,
        LocalityLbSetting = dice.Chance(0.3) ? AnyLocality(dice) : null,
        AdaptiveWeights = dice.Chance(0.2) ? new AdaptiveWeights() : null,
        HealthCheck = dice.Chance(0.4) ? new HealthCheck { Interval = dice.Between(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)), UnhealthyThreshold = dice.Next(1, 4) } : null,
        Warmup = dice.Chance(0.4) ? new Warmup { Duration = dice.Between(TimeSpan.Zero, TimeSpan.FromSeconds(15)), MinimumPercent = dice.Next(0, 50) } : null,
        OutlierDetection = new OutlierDetection
        {
            Consecutive5xx = dice.OneOf(Runs),
            ConsecutiveGatewayFailure = dice.OneOf(Runs),
            ConsecutiveLocalOriginFailure = dice.OneOf(Runs),
            SplitExternalLocalOriginErrors = dice.Chance(0.3),
            Interval = dice.Between(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)),
            BaseEjectionTime = dice.Between(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(8)),
            MaxEjectionTime = dice.Between(TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(30)),
            MaxEjectionTimeJitter = dice.Between(TimeSpan.Zero, TimeSpan.FromSeconds(4)),
            MaxEjectionPercent = dice.OneOf(Percents),
            AlwaysEjectOneHost = dice.Chance(0.3),
            MinHealthPercent = dice.Chance(0.2) ? 50 : 0,
            SuccessRateRequestVolume = dice.Next(5, 100),
            SuccessRateMinimumHosts = dice.Next(2, 6),
            FailurePercentageRequestVolume = dice.Next(5, 50),
            FailurePercentageMinimumHosts = dice.Next(2, 6),
            EnforcingFailurePercentage = dice.Chance(0.5) ? 100 : 0,
            EnforcingSuccessRate = dice.OneOf(Percents),
            EnforcingLatency = dice.Chance(0.3) ? 100 : 0,
        },
    };

    /// <summary>Where endpoints and proxies run.</summary>
    public static IReadOnlyList<Locality> Places { get; } = [new("east", "a", ""), new("east", "b", ""), new("west", "a", "")];

    /// <summary>
    /// The same without localities and without weights that follow the load, for healing: an endpoint that no proxy prefers gets no requests, and so cannot prove
    /// itself; and weights that move each second are never what all proxies have heard of.
    /// </summary>
    public static void ComeToRest(World world) => world.Silo.Do(
        (model, now) => model.Bind(model.Policy with { LocalityLbSetting = null, AdaptiveWeights = null }, now),
        written =>
        {
            if (!written)
            {
                world.Simulator.After(TimeSpan.FromSeconds(1), () => ComeToRest(world));
            }
        });

    /// <summary>Somebody applies another document.</summary>
    public static Fault Bind(World world, Dice dice)
    {
        var policy = Any(dice, dice.Next(1, 1_000_000));
        var outliers = policy.OutlierDetection;
        world.Silo.Do((model, now) => model.Bind(policy, now), _ => { });
        return new($"policy {policy.Source}: {outliers.Consecutive5xx} consecutive, {outliers.MaxEjectionPercent} %", () => { });
    }

    private static LocalityLbSetting AnyLocality(Dice dice) => dice.Next(3) switch
    {
        0 => new LocalityLbSetting(),
        1 => new LocalityLbSetting { Failover = [new("east", "west")] },
        _ => new LocalityLbSetting
        {
            Distribute = [new("east/a/*", ImmutableSortedDictionary<string, int>.Empty.Add("east/a/*", 80).Add("west/a/*", 20))],
        },
    };
}
