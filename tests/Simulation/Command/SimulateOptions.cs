using System.Globalization;
using Mesh.Simulation.Cluster;
using Mesh.Simulation.Cluster.Stories;
using Mesh.Simulation.Nodes;

namespace Mesh.Simulation.Command;

/// <summary>What <c>./mesh simulate</c> was asked for.</summary>
public sealed record SimulateOptions
{
    public const string Usage = """
        usage: ./mesh simulate [OPTION...]

        The mesh in one deterministic process: the real decisions, translation, ACK/NACK machine, proxy configuration and balancers, between modelled
        networks, disks, clocks, workloads and shells. Everything goes wrong for a while, then heals; rules are checked after every step. A seed
        decides everything, so a seed that breaks a rule breaks it again.

          --seed N      the first seed [taken from the clock, and printed]
          --seeds K     how many seeds, one after the other [1; with --hours as many as fit]
          --minutes M   how long everything goes wrong, in virtual minutes for each seed [10; 2 with a story]
          --hours H     go on for so many hours of real time; stops at the first broken rule unless --keep-going
          --keep-going  do not stop at a broken rule
          --jobs J      seeds at a time [one for each core]
          --verbose     print every event of the run
          --json        print one JSON object instead of text
          --story S     a cluster of silos instead, and what happens to it: kill, freeze, split, stores, rolling, storm
          --silos N     how many silos it has, 1 to 9 [3 with a story; one without a cluster otherwise]
          --plant BUG   plant a bug, to see that it is found
          --help        this text

        exit code: 0 all rules held, 1 a rule was broken, 2 the arguments are wrong
        bugs to plant:
        """;

    public ulong? Seed { get; init; }

    public int? Seeds { get; init; }

    /// <summary>How long everything goes wrong, in virtual minutes.</summary>
    public double Minutes { get => field > 0 ? field : IsCluster ? 2 : 10; init; }

    /// <summary>What happens to a cluster; null without one.</summary>
    public StoryKind? Story { get; init; }

    /// <summary>How many silos there are; null without a cluster.</summary>
    public int? Silos { get; init; }

    /// <summary>Whether it is a cluster.</summary>
    public bool IsCluster => Story is not null || Silos is not null;

    public double? Hours { get; init; }

    public bool KeepGoing { get; init; }

    public int Jobs { get; init; } = Environment.ProcessorCount;

    public bool Verbose { get; init; }

    public bool Json { get; init; }

    public bool Help { get; init; }

    public PlantedBug Plant { get; init; }

    public ClusterBug PlantInCluster { get; init; }

    /// <summary>Reads arguments; says what is wrong with them when something is.</summary>
    public static (SimulateOptions Options, string? Problem) Read(IReadOnlyList<string> arguments)
    {
        var options = new SimulateOptions();
        var rest = new Queue<string>(arguments.SelectMany(Split));
        while (rest.TryDequeue(out var name))
        {
            options = name switch
            {
                "--help" or "-h" => options with { Help = true },
                "--json" => options with { Json = true },
                "--verbose" => options with { Verbose = true },
                "--keep-going" => options with { KeepGoing = true },
                _ => options,
            };
            if (name is "--help" or "-h" or "--json" or "--verbose" or "--keep-going")
            {
                continue;
            }

            if (!rest.TryDequeue(out var value))
            {
                return (options, $"{name} is not an option, or lacks its value");
            }

            if (With(options, name, value) is not { } next)
            {
                return (options, $"{name} {value}: there is no such option, or it does not take that");
            }

            options = next;
        }

        return (options, Contradiction(options));
    }

    private static string? Contradiction(SimulateOptions options) =>
        options.Plant != PlantedBug.None && options.IsCluster ? $"--plant {options.Plant} is not a bug of a cluster"
        : options.PlantInCluster != ClusterBug.None && !options.IsCluster ? $"--plant {options.PlantInCluster} needs --story"
        : null;

    private static string[] Split(string argument)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        return argument.StartsWith("--", StringComparison.Ordinal) && equals > 0 ? [argument[..equals], argument[(equals + 1)..]] : [argument];
    }

    private static SimulateOptions? With(SimulateOptions options, string name, string value) => name switch
    {
        "--seed" when ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seed) => options with { Seed = seed },
        "--seeds" when Whole(value) is > 0 and var seeds => options with { Seeds = seeds },
        "--jobs" when Whole(value) is > 0 and <= 256 and var jobs => options with { Jobs = jobs },
        "--minutes" when Number(value) is > 0 and <= 100_000 and var minutes => options with { Minutes = minutes },
        "--hours" when Number(value) is > 0 and <= 10_000 and var hours => options with { Hours = hours },
        "--story" when Enum.TryParse<StoryKind>(value, ignoreCase: true, out var story) && Enum.IsDefined(story) => options with { Story = story },
        "--silos" when Whole(value) is > 0 and <= 9 and var silos => options with { Silos = silos },
        "--plant" when Enum.TryParse<ClusterBug>(value, ignoreCase: true, out var bug) && Enum.IsDefined(bug) => options with { PlantInCluster = bug },
        "--plant" when Enum.TryParse<PlantedBug>(value, ignoreCase: true, out var planted) && Enum.IsDefined(planted) => options with { Plant = planted },
        _ => null,
    };

    private static int? Whole(string value) => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var whole) ? whole : null;

    private static double? Number(string value) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : null;
}
