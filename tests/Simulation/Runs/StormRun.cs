using Mesh.Simulation.Engine;
using Mesh.Simulation.Nodes;
using Mesh.Simulation.Rules;
using Mesh.Simulation.Weather;

namespace Mesh.Simulation.Runs;

/// <summary>One seed: a mesh of random size and policy, a storm for a while, time to heal, and the rules all along.</summary>
public static class StormRun
{
    /// <summary>The names of the rules.</summary>
    public static IReadOnlyList<string> Rules { get; } = [.. All().Select(rule => rule.Name)];

    /// <summary>Runs a seed.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="storm">How long everything goes wrong.</param>
    /// <param name="echo">Where every event goes; null for nowhere.</param>
    /// <param name="bug">A bug to plant.</param>
    public static StormResult Of(ulong seed, TimeSpan storm, Action<string>? echo = null, PlantedBug bug = PlantedBug.None)
    {
        var dice = new Dice(seed).For("size");
        using var world = new World(new WorldOptions
        {
            Seed = seed,
            Bug = bug,
            Proxies = dice.Next(2, 8),
            Endpoints = dice.Next(4, 13),
            Gateways = dice.Next(1, 4),
            RequestsPerSecond = 40 + dice.Next(120),
            Policy = PolicyChanges.Any(dice, 1),
            ServiceTime = dice.Chance(0.5) ? TimeSpan.FromMilliseconds(10) : TimeSpan.Zero,
            Places = dice.Chance(0.5) ? PolicyChanges.Places : [],
            Lease = dice.Chance(0.7) ? dice.Between(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(20)) : null,
        });
        world.Journal.Echo = echo;
        world.Begin();
        var rules = All();
        foreach (var rule in rules)
        {
            rule.Watch(world);
        }

        long versions = 0;
        world.Silo.Changed += snapshot =>
        {
            versions++;
            var notable = snapshot.Endpoints.Where(e => e.Status is not Core.Health.HealthStatus.Healthy).Select(e => $"{e.Id} {e.Status}");
            world.Journal.Note($"published {snapshot.Version}: {string.Join(", ", notable)}");
        };
        var weather = new Storm<World>(world, world.Simulator, world.Journal, world.Dice, Faults.All) { Gap = dice.Between(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(8)) };
        RuleBrokenException? broken = null;
        try
        {
            weather.Begin();
            world.Simulator.RunUntil(Simulator.Start + storm);
            weather.End();
            PolicyChanges.ComeToRest(world);
            world.Simulator.RunUntil(world.Simulator.Now + HealingTime(world));
            foreach (var rule in rules)
            {
                rule.Healed(world);
            }
        }
        catch (RuleBrokenException e)
        {
            broken = e;
        }

        return new StormResult
        {
            Seed = seed,
            Virtual = world.Simulator.Elapsed,
            Broken = broken?.Rule,
            What = broken?.What,
            Journal = [.. world.Journal.Lines],
            Events = world.Simulator.Events,
            Faults = weather.Count,
            Requests = world.Traffic.Succeeded + world.Traffic.Failed,
            Failed = world.Traffic.Failed,
            Ejections = rules.OfType<LedgerIsWhole>().Single().Ejections,
            Versions = versions,
            Lives = world.Storage.Epoch,
        };
    }

    private static IRule[] All() => [new BudgetIsKept(), new VersionsOnlyGrow(), new AcknowledgedIsCompiled(), new LedgerIsWhole(), new EverybodyReturns()];

    /// <summary>
    /// How long healing may take, from its parts: reports of the past that are still under way and reconnecting (30 s), the longest ejection that these may
    /// lead to, by a clock that was off, and the proof after it: three successes at a tenth of an endpoint's share, where twenty times the mean is
    /// exceeded once in some millions of runs, and the warm-up after that (20 s).
    /// </summary>
    public static TimeSpan HealingTime(World world)
    {
        var proof = 20 * world.Options.MeanGap.TotalSeconds / world.Options.Proxies * 10 * world.Workloads.Count;
        return TimeSpan.FromSeconds(30 + proof + 20) + PolicyChanges.LongestEjection + Faults.LongestByHand + Faults.FurthestClock;
    }
}
