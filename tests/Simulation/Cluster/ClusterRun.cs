using Mesh.Contracts;
using Mesh.Simulation.Cluster.Clients;
using Mesh.Simulation.Cluster.Rules;
using Mesh.Simulation.Cluster.Stories;
using Mesh.Simulation.Engine;
using Mesh.Simulation.Runs;
using Mesh.Simulation.Weather;

namespace Mesh.Simulation.Cluster;

/// <summary>One seed of one story: a cluster, its faults for a while, time to heal, and the rules all along.</summary>
public static class ClusterRun
{
    /// <summary>
    /// How long healing may take, from its parts: a silo comes back (5 s), the last command and its repeats (10 s), a look at what a lost hint told of (15 s), the longest ejection and
    /// its proof (12 s and 20 s), the warm-up after it (10 s).
    /// </summary>
    public static readonly TimeSpan Healing = TimeSpan.FromSeconds(72);

    private static readonly TimeSpan Answering = TimeSpan.FromSeconds(5);

    /// <summary>The names of the rules.</summary>
    public static IReadOnlyList<string> Rules { get; } = [.. All().Select(rule => rule.Name)];

    /// <summary>Runs a seed.</summary>
    /// <param name="story">What goes wrong.</param>
    /// <param name="silos">How many silos there are.</param>
    /// <param name="seed">Decides everything.</param>
    /// <param name="length">How long it goes wrong.</param>
    /// <param name="echo">Where every event goes; null for nowhere.</param>
    /// <param name="bug">A bug to plant.</param>
    public static StormResult Of(StoryKind story, int silos, ulong seed, TimeSpan length, Action<string>? echo = null, ClusterBug bug = ClusterBug.None)
    {
        var dice = new Dice(seed).For("size");
        using var cluster = new ClusterWorld(new ClusterOptions
        {
            Seed = seed,
            Silos = silos,
            Bug = bug,
            GatewaysApart = dice.Next(0, 3),
            Services = dice.Next(1, 4),
            Endpoints = dice.Next(5, 8),
        });
        cluster.Journal.Echo = echo;
        var rules = All();
        foreach (var rule in rules)
        {
            rule.Watch(cluster);
        }

        Listen(cluster);
        long versions = 0;
        cluster.Shown += (_, _, _, _) => versions++;
        var weather = new Storm<ClusterWorld>(cluster, cluster.Simulator, cluster.Journal, cluster.Dice, Story.Of(story)) { Gap = dice.Between(TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(5)) };
        cluster.Begin();
        cluster.Simulator.AfterEach = () => _ = cluster.Broken is { } broken ? throw broken : 0;
        try
        {
            Play(cluster, weather, length);
            foreach (var rule in rules)
            {
                rule.Healed(cluster);
            }
        }
        catch (Simulation.Rules.RuleBrokenException)
        {
            // It is noted.
        }

        if (cluster.Silos.Concat<Hosts.Host>(cluster.Apart).Select(host => host.Leak).FirstOrDefault(leak => leak is not null) is { } leak)
        {
            throw new InvalidOperationException($"Seed {seed}: something ran on a thread of its own, so that no seed decides what happens:{Environment.NewLine}{leak}");
        }

        return new StormResult
        {
            Seed = seed,
            Virtual = cluster.Simulator.Elapsed,
            Broken = cluster.Broken?.Rule,
            What = cluster.Broken?.What,
            Journal = [.. cluster.Journal.Lines],
            Events = cluster.Simulator.Events,
            Faults = weather.Count,
            Requests = cluster.Endpoints.Sum(endpoint => endpoint.Backend.Requests),
            Failed = cluster.Endpoints.Sum(endpoint => endpoint.Backend.Failed),
            Ejections = rules.OfType<OneBudget>().Single().Ejections,
            Versions = versions,
            Lives = cluster.Silos.Sum(silo => silo.Life),
            Commands = cluster.Commands.Acknowledged,
            Activations = cluster.Activations,
            Duplicates = cluster.Duplicates,
        };
    }

    private static IClusterRule[] All() => [new CommandsOnce(), new GatewaysAgree(), new EjectedStayOut(), new OneBudget(), new LedgerHoldsAll(), new EverythingHeals()];

    private static void Play(ClusterWorld cluster, Storm<ClusterWorld> weather, TimeSpan length)
    {
        // First a cluster that works.
        cluster.Simulator.RunUntil(Simulator.Start + TimeSpan.FromSeconds(8));
        weather.Begin();
        cluster.Simulator.RunUntil(cluster.Simulator.Now + length);
        weather.End();
        cluster.Commanding = false;
        cluster.Simulator.RunUntil(cluster.Simulator.Now + Healing);
        var asked = Ask(cluster);
        cluster.Simulator.RunUntil(cluster.Simulator.Now + Answering);
        if (asked.Exists(one => !one.IsCompletedSuccessfully))
        {
            cluster.Break(new EverythingHeals().Name, $"{asked.Count(one => !one.IsCompletedSuccessfully)} of {asked.Count} grains did not answer in {Answering.TotalSeconds:0} s.");
        }
    }

    /// <summary>Asks every service and every endpoint how it is, through some gateway.</summary>
    private static List<Task> Ask(ClusterWorld cluster)
    {
        var client = new Client(cluster, "somebody who looks");
        return
        [
            .. cluster.Endpoints.Select(endpoint => client.Start(() => client.Once(grains => grains.GetGrain<IEndpointGrain>(endpoint.Key).Get()))),
            .. cluster.Endpoints.Select(endpoint => endpoint.Service).Distinct().Select(service =>
                client.Start(() => client.Once(grains => grains.GetGrain<IServiceGrain>(service.ToString()).GetSnapshot()))),
        ];
    }

    private static void Listen(ClusterWorld cluster)
    {
        cluster.Commands.Began += command => cluster.Journal.Note($"{command} begins");
        cluster.Commands.Ended += (command, yes) => cluster.Journal.Note($"{command} {(yes ? "is acknowledged" : "is refused")}");
        cluster.Shown += (gateway, service, _, after) =>
        {
            var notable = after?.Endpoints.Where(e => e.Status is not Core.Health.HealthStatus.Healthy).Select(e => $"{e.Id} {e.Status}") ?? [];
            cluster.Journal.Note($"{gateway.Name} shows {service} {after?.Version}: {string.Join(", ", notable)}");
        };
    }
}
