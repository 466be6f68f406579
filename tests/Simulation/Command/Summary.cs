using System.Globalization;
using System.Text.Json;
using Mesh.Simulation.Cluster;
using Mesh.Simulation.Cluster.Stories;
using Mesh.Simulation.Nodes;
using Mesh.Simulation.Runs;

namespace Mesh.Simulation.Command;

/// <summary>How a campaign ended, for people and for programs.</summary>
public static class Summary
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>The command that does it again.</summary>
    public static string Replay(SimulateOptions options, ulong seed) => string.Create(
        CultureInfo.InvariantCulture,
        $"./mesh simulate --seed {seed} --minutes {options.Minutes}{(options.IsCluster ? $" --story {(options.Story ?? StoryKind.Storm).ToString().ToLowerInvariant()} --silos {options.Silos ?? 3}" : "")}{Planted(options)}");

    private static string Planted(SimulateOptions options) =>
        options.Plant != PlantedBug.None ? $" --plant {options.Plant}"
        : options.PlantInCluster != ClusterBug.None ? $" --plant {options.PlantInCluster}"
        : "";

    public static void Write(Campaign campaign, TextWriter output)
    {
        foreach (var result in campaign.Broken)
        {
            Write(campaign.Options, result, output);
        }

        var sum = campaign.Sum;
        Row("seeds", campaign.Done);
        Row("virtual time", string.Create(CultureInfo.InvariantCulture, $"{sum.Virtual.TotalHours:0.00} h, in {campaign.Took.TotalSeconds:0.0} s"));
        Row("events", sum.Events);
        Row("faults", sum.Faults);
        Row(campaign.Options.IsCluster ? "lives of silos" : "lives of the silo", sum.Lives);
        if (campaign.Options.IsCluster)
        {
            Row("activations of grains", sum.Activations);
            Row("  while another one still lived", sum.Duplicates);
            Row("commands acknowledged", sum.Commands);
        }

        Row("requests", sum.Requests);
        Row("  failed", sum.Failed);
        Row("ejections on evidence", sum.Ejections);
        Row(campaign.Options.IsCluster ? "versions shown" : "versions published", sum.Versions);
        foreach (var rule in Seeds.Rules(campaign.Options))
        {
            var broken = campaign.Broken.Count(result => result.Broken == rule);
            Row(rule, broken == 0 ? "held" : string.Create(CultureInfo.InvariantCulture, $"BROKEN by {broken} of {campaign.Done} seeds"));
        }

        void Row(string name, object value) => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-42} {value,14:#,0}"));
    }

    public static void WriteJson(Campaign campaign, TextWriter output) => output.WriteLine(JsonSerializer.Serialize(
        new
        {
            FirstSeed = campaign.First,
            Seeds = campaign.Done,
            campaign.Options.Minutes,
            VirtualHours = Math.Round(campaign.Sum.Virtual.TotalHours, 3),
            RealSeconds = Math.Round(campaign.Took.TotalSeconds, 1),
            campaign.Sum.Events,
            campaign.Sum.Faults,
            SiloLives = campaign.Sum.Lives,
            campaign.Sum.Requests,
            FailedRequests = campaign.Sum.Failed,
            campaign.Sum.Ejections,
            campaign.Sum.Versions,
            campaign.Sum.Commands,
            campaign.Sum.Activations,
            campaign.Sum.Duplicates,
            Broken = campaign.Broken.Select(result => new
            {
                result.Seed,
                Rule = result.Broken,
                result.What,
                VirtualSeconds = result.Virtual.TotalSeconds,
                Replay = Replay(campaign.Options, result.Seed),
                result.Journal,
            }),
        },
        Indented));

    private static void Write(SimulateOptions options, StormResult result, TextWriter output)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\nBROKEN  seed {result.Seed} at {result.Virtual.TotalSeconds:0.000} s: {result.Broken}"));
        output.WriteLine($"  {result.What}\n  what came before:");
        foreach (var line in result.Journal.TakeLast(25))
        {
            output.WriteLine($"  {line}");
        }

        output.WriteLine($"  again:  {Replay(options, result.Seed)}\n");
    }
}
