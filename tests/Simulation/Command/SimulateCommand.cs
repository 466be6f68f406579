using System.Globalization;
using Mesh.Simulation.Cluster;
using Mesh.Simulation.Nodes;
using Mesh.Simulation.Runs;

namespace Mesh.Simulation.Command;

/// <summary><c>./mesh simulate</c>.</summary>
public static class SimulateCommand
{
    /// <summary>Runs what the arguments ask for.</summary>
    /// <returns>0, 1 when a rule was broken, 2 when the arguments are wrong.</returns>
    public static int Run(IReadOnlyList<string> arguments, TextWriter output, TextWriter progress)
    {
        var (options, problem) = SimulateOptions.Read(arguments);
        if (problem is not null)
        {
            progress.WriteLine($"simulate: {problem}; see --help.");
            return 2;
        }

        if (options.Help)
        {
            output.WriteLine(SimulateOptions.Usage + " " + string.Join(", ", Enum.GetValues<PlantedBug>().Skip(1)));
            output.WriteLine("in a cluster: " + string.Join(", ", Enum.GetValues<ClusterBug>().Skip(1)));
            return 0;
        }

        if (options.IsCluster && !Seeds.HasCluster)
        {
            progress.WriteLine("simulate: --story and --silos need the Embedded edition, whose grain runtime can be put on a simulated clock.");
            return 2;
        }

        // Any seed will do, as long as it is printed.
        var seed = options.Seed ?? (ulong)DateTime.UtcNow.Ticks % 1_000_000_000;
        var campaign = new Campaign(options, seed);
        if (!options.Json)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"seed {seed}{(options.Seed is null ? " (from the clock)" : "")}, {options.Minutes} virtual minutes of faults for each seed"));
        }

        campaign.Run(options.Verbose ? output.WriteLine : null, options.Json ? null : progress);
        if (options.Json)
        {
            Summary.WriteJson(campaign, output);
        }
        else
        {
            Summary.Write(campaign, output);
        }

        return campaign.Broken.Count > 0 ? 1 : 0;
    }
}
