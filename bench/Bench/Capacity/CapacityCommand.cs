using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mesh.Local;
using Mesh.Local.Processes;

namespace Mesh.Bench.Capacity;

/// <summary><c>./mesh bench capacity --edition cluster</c>: what silos, endpoints, streams, commands and reports cost, and how more silos change it.</summary>
internal static class CapacityCommand
{
    public const string Help = """
        capacity   Cluster edition: start, memory, commands, reports, calls, for one silo and for several on this machine
                     [--silos 1,3] [--endpoints 5000] [--streams 1000] [--in-flight 64] [--seconds 10] [--json FILE]
        """;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private static readonly (string What, Func<CapacityResult, double> Value, string Format)[] Rows =
    [
        ("the first silo is ready after, s", static r => r.FirstReady, "0.00"),
        ("a silo that joins is ready after, s", static r => r.JoinerReady, "0.00"),
        ("memory of an idle silo, MB", static r => r.IdleMegabytes, "0"),
        ("1,000 endpoints, MB over all silos", static r => r.MegabytesPer1000Endpoints, "0.0"),
        ("1,000 streams, MB over all silos", static r => r.MegabytesPer1000Streams, "0.0"),
        ("durable commands a second", static r => r.CommandsPerSecond, "0"),
        ("  one takes, ms, median", static r => r.Commands!.Median, "0.0"),
        ("  one takes, ms, p99", static r => r.Commands!.P99, "0.0"),
        ("report batches a second", static r => r.ReportsPerSecond, "0"),
        ("  one takes, ms, p99", static r => r.Reports!.P99, "0.0"),
        ("grain calls a second, one at a time", static r => r.CallsAlone, "0"),
        ("grain calls a second, 64 under way", static r => r.CallsTogether, "0"),
        ("CPU with nothing to do, % of a core", static r => r.IdlePercent, "0.0"),
        ("Redis, MB", static r => r.RedisMegabytes, "0"),
    ];

    /// <returns>0 when it was measured, 1 when something failed, 2 when it cannot be measured here.</returns>
    public static async Task<int> Run(IReadOnlyList<string> arguments)
    {
        if (CapacityOptions.Read(arguments) is not { } options)
        {
            return 2;
        }

        if (!Edition.IsCluster)
        {
            Console.Error.WriteLine("bench capacity: silos form a cluster in the Cluster edition only. Run ./mesh bench capacity --edition cluster.");
            return 2;
        }

        try
        {
            var results = new List<CapacityResult>();
            foreach (var silos in options.Silos)
            {
                results.Add(await CapacityRun.Measure(options, silos, Say));
            }

            Write(results);
            if (options.Json is { } file)
            {
                await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { At = DateTime.UtcNow, Cores = Environment.ProcessorCount, options.Endpoints, options.Streams, Results = results }, Indented));
            }

            return 0;
        }
        catch (Exception failure) when (failure is InvalidOperationException or HttpRequestException or LocalClusterException)
        {
            Console.Error.WriteLine($"bench capacity: {failure.Message}");
            return 1;
        }
    }

    private static void Write(List<CapacityResult> results)
    {
        Console.WriteLine($"{"silos",-40} {string.Join(' ', results.Select(static r => $"{r.Silos,10}"))}{(results.Count > 1 ? $" {"last/first",10}" : "")}");
        foreach (var (what, value, format) in Rows)
        {
            var figures = results.Select(value).ToList();
            Console.WriteLine($"{what,-40} {string.Join(' ', figures.Select(figure => $"{(double.IsNaN(figure) ? "-" : figure.ToString(format, CultureInfo.InvariantCulture)),10}"))}"
                + (results.Count > 1 && !double.IsNaN(figures[^1] / figures[0]) ? string.Create(CultureInfo.InvariantCulture, $" {figures[^1] / figures[0],10:0.00}") : ""));
        }
    }

    private static void Say(string text) => Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {DateTime.UtcNow:HH:mm:ss} {text}"));
}
