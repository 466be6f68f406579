using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Mesh.Bench.Verdicts;

/// <summary><c>./mesh bench verdicts</c>: what mesh-wide verdicts are worth, as a table and a picture.</summary>
internal static class VerdictsCommand
{
    public const string Help = """
        verdicts   mesh-wide verdicts against detection in each proxy   [--point N[,N...]] [--seed N] [--quick] [--json] [--svg FILE]
        """;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <returns>0 when every requirement is met, 1 when one is not, 2 when the arguments are wrong.</returns>
    public static async Task<int> Run(IReadOnlyList<string> arguments, string silo)
    {
        var (flags, values) = Read(arguments);
        if (flags is null || values is null)
        {
            return 2;
        }

        if (!ulong.TryParse(values.GetValueOrDefault("--seed", "1"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed))
        {
            return Wrong($"--seed {values["--seed"]}: a seed is a whole number");
        }

        var points = VerdictPoints.All.Where(point => !values.TryGetValue("--point", out var only) || only.Split(',').Contains(point.Number.ToString(CultureInfo.InvariantCulture))).ToList();
        if (points.Count == 0)
        {
            return Wrong($"--point {values["--point"]}: there are {string.Join(", ", VerdictPoints.All.Select(point => point.Number).Distinct())}");
        }

        var json = flags.Contains("--json");
        var context = new VerdictContext(seed, values.GetValueOrDefault("--silo", silo), flags.Contains("--quick"), text => Console.Error.WriteLine($"  {text}"));
        var charts = new List<Chart>();
        var results = new List<(IVerdictPoint Point, VerdictOutcome Outcome, TimeSpan Took)>();
        foreach (var point in points.OrderBy(point => point.Number))
        {
            var watch = Stopwatch.StartNew();
            var outcome = await point.Run(context);
            results.Add((point, outcome, watch.Elapsed));
            charts.AddRange(outcome.Charts);
            if (!json)
            {
                VerdictText.Write(Console.Out, point, outcome, watch.Elapsed);
            }
        }

        if (values.TryGetValue("--svg", out var file))
        {
            await File.WriteAllTextAsync(file, ChartSvg.Draw(charts));
            Console.Error.WriteLine($"  the picture is in {file}");
        }

        var met = results.SelectMany(result => result.Outcome.Rows).All(row => row.Met is not false);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new { context.Seed, context.Quick, Met = met, Points = results.Select(r => new { r.Point.Number, r.Point.Title, Seconds = r.Took.TotalSeconds, r.Outcome.Rows, r.Outcome.Notes }) }, Indented));
        }
        else
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {context.Seed}: {(met ? "every requirement is met" : "NOT every requirement is met")}"));
        }

        return met ? 0 : 1;
    }

    private static (HashSet<string>? Flags, Dictionary<string, string>? Values) Read(IReadOnlyList<string> arguments)
    {
        var (flags, values) = (new HashSet<string>(), new Dictionary<string, string>());
        for (var i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] is "--json" or "--quick")
            {
                flags.Add(arguments[i]);
            }
            else if (arguments[i] is "--seed" or "--point" or "--svg" or "--silo" && i + 1 < arguments.Count)
            {
                values[arguments[i]] = arguments[++i];
            }
            else
            {
                Wrong($"'{arguments[i]}' is not an option here, or lacks its value");
                return default;
            }
        }

        return (flags, values);
    }

    private static int Wrong(string problem)
    {
        Console.Error.WriteLine($"bench verdicts: {problem}.\n\n  {Help}");
        return 2;
    }
}
