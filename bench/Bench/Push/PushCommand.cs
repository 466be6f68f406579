using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mesh.Bench.Verdicts;

namespace Mesh.Bench.Push;

/// <summary><c>./mesh bench push</c>: how long a change takes to every stream, and what that costs.</summary>
internal static class PushCommand
{
    public const string Help = """
        push       a change to thousands of streams: latency, CPU, memory   [--streams 1000,5000] [--variant sotw,delta] [--subscribe all,10]
                     [--services 100] [--endpoints 10] [--changes 40] [--every MS] [--warm-up 60] [--rounds 1] [--wildcard] [--json FILE] [--svg FILE]
                     --growth 100,1000,10000   instead: the same streams and changes with more and more services around
                     --reconnect 1000          instead: delta clients after a control plane was killed and started again
                     --all                     the table, growth and reconnection
        """;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <returns>0 when every requirement is met, 1 when one is not, 2 when the arguments are wrong.</returns>
    public static async Task<int> Run(IReadOnlyList<string> arguments, string silo)
    {
        var options = PushOptions.Read(arguments, silo);
        if (options is null)
        {
            return 2;
        }

        try
        {
            return await Run(options);
        }
        catch (Exception failure) when (failure is InvalidOperationException or HttpRequestException)
        {
            Console.Error.WriteLine($"bench push: {failure.Message}");
            return 1;
        }
    }

    private static async Task<int> Run(PushOptions options)
    {
        var rows = await Measure(options.Setups());
        var growth = await Measure(options.Growth());
        var reconnects = new List<ReconnectResult>();
        foreach (var setup in options.Reconnects())
        {
            reconnects.Add(await ReconnectRun.Measure(setup, Say));
            PushTable.Write(Console.Out, reconnects[^1]);
        }

        VerdictRow[] required = [.. PushRequirements.Rows(rows), .. PushRequirements.Growth(growth), .. PushRequirements.Reconnect(reconnects)];
        Console.WriteLine();
        VerdictText.Write(Console.Out, required);
        var met = required.All(static row => row.Met is not false);
        if (required.Length > 0)
        {
            Console.WriteLine(met ? "every requirement is met" : "NOT every requirement is met");
        }

        if (options.Svg is { } picture)
        {
            await File.WriteAllTextAsync(picture, ChartSvg.Draw(PushPicture.Charts(rows, growth)));
            Say($"the picture is in {picture}");
        }

        if (options.Json is { } file)
        {
            var all = new { At = DateTime.UtcNow, Cores = Environment.ProcessorCount, Met = met, Requirements = required, Rows = rows, Growth = growth, Reconnects = reconnects };
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(all, Indented));
        }

        return met ? 0 : 1;
    }

    private static async Task<List<PushResult>> Measure(IEnumerable<PushSetup> setups)
    {
        var results = new List<PushResult>();
        foreach (var setup in setups)
        {
            results.Add(await PushRun.Measure(setup, Say));
            if (results.Count == 1)
            {
                PushTable.Head(Console.Out);
            }

            PushTable.Write(Console.Out, results[^1]);
        }

        return results;
    }

    private static void Say(string text) => Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {DateTime.UtcNow:HH:mm:ss} {text}"));
}
