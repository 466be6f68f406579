using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Mesh.Local.Processes;
using Mesh.Local.Stories;
using Spectre.Console;

namespace Mesh.Local.Command;

/// <summary>Tells stories, for whoever wants to see or to measure them: a table at the end, and a line of JSON for each.</summary>
internal static class StoryCommand
{
    public static System.CommandLine.Command Create()
    {
        var names = new Argument<string[]>("name") { Description = $"Which: {string.Join(", ", Story.All.Select(story => $"{story.Key} ({story.Value})"))}; or all" };
        var times = LocalClusterCommand.Number("--times", "How often it happens", 3, 1, 1000);
        var silos = LocalClusterCommand.Number("--silos", "How many silos", 3, 2, 20);
        var gateways = LocalClusterCommand.Number("--gateways", "Gateways apart from the silos, beside theirs", 0, 0, 20);
        var streams = LocalClusterCommand.Number("--streams", "ADS streams, spread over the gateways", 60, 0, 100_000);
        var proxies = LocalClusterCommand.Number("--proxies", "How many proxies", 2, 1, 50);
        var rate = LocalClusterCommand.Number("--rate", "Requests per second through each proxy, to each service", 15, 0, 5000);
        var writers = LocalClusterCommand.Number("--writers", "How many change things all the time", 3, 0, 100);
        var probes = LocalClusterCommand.Number("--probes", "Services whose grains are timed after a kill", 60, 0, 10_000);
        var seed = LocalClusterCommand.Number("--seed", "What is random in it", 1, 0, int.MaxValue);
        var json = new Option<FileInfo?>("--json") { Description = "Also write a line of JSON for each into a file", HelpName = "file" };
        var keep = new Option<bool>("--keep") { Description = "Keep data and logs, and say where" };
        names.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => token.Value != "all" && !Story.All.ContainsKey(token.Value)))
            {
                result.AddError($"there is no story '{token.Value}'. Choose from {string.Join(", ", Story.All.Keys)}, or all.");
            }
        });
        var command = new System.CommandLine.Command("story", "Break a cluster at work, and look whether it kept its promises") { names, times, silos, gateways, streams, proxies, rate, writers, probes, seed, json, keep };
        command.SetAction((parsed, cancel) =>
        {
            var options = new StoryOptions
            {
                Folder = Story.NewFolder(),
                Times = parsed.GetValue(times),
                Silos = parsed.GetValue(silos),
                Gateways = parsed.GetValue(gateways),
                Streams = parsed.GetValue(streams),
                Proxies = parsed.GetValue(proxies),
                Rate = parsed.GetValue(rate),
                Writers = parsed.GetValue(writers),
                Probes = parsed.GetValue(probes),
                Seed = parsed.GetValue(seed),
            };
            var wanted = parsed.GetValue(names)!;
            return Run(wanted is [] or ["all"] ? [.. Story.All.Keys] : wanted, options, parsed.GetValue(json), parsed.GetValue(keep), cancel);
        });
        return command;
    }

    private static async Task<int> Run(string[] names, StoryOptions options, FileInfo? json, bool keep, CancellationToken cancel)
    {
        var console = Consoles.For(json: false);
        options = options with { Said = text => console.MarkupLineInterpolated($"[grey]{DateTime.Now:HH:mm:ss}[/] {text}") };
        var results = new List<StoryResult>();
        foreach (var name in names)
        {
            console.Write(new Rule($"{name}: {Story.All[name]}").LeftJustified());
            if (await Story.Trouble(name) is { } trouble)
            {
                console.MarkupLineInterpolated($"[yellow]not told: {trouble}[/]");
                continue;
            }

            var result = await Tell(name, options with { Folder = Path.Combine(options.Folder, name) }, cancel);
            results.Add(result);
            console.Write(Table(result));
            if (json is not null)
            {
                var line = new { story = result.Name, kept = result.Kept, times = options.Times, silos = options.Silos, problems = result.Problems, figures = result.Figures };
                await File.AppendAllTextAsync(json.FullName, JsonSerializer.Serialize(line) + "\n", cancel);
            }
        }

        if (keep || results.Any(result => !result.Kept))
        {
            console.MarkupLineInterpolated($"data and logs: {options.Folder}");
        }
        else
        {
            Directory.Delete(options.Folder, recursive: true);
        }

        return results.All(result => result.Kept) ? 0 : 1;
    }

    private static async Task<StoryResult> Tell(string name, StoryOptions options, CancellationToken cancel)
    {
        try
        {
            return await Story.Tell(name, options, cancel);
        }
        catch (LocalClusterException failure)
        {
            return new StoryResult(name, [failure.Message], new Dictionary<string, double>());
        }
    }

    private static Table Table(StoryResult result)
    {
        var table = new Table().Border(TableBorder.Rounded).HideHeaders().AddColumns("", "");
        table.AddRow(new Markup($"[bold]{result.Name}[/]"), result.Kept ? new Markup("[green]every promise kept[/]") : new Markup("[red]broken[/]"));
        foreach (var (name, value) in result.Figures)
        {
            table.AddRow(new Text(name), new Text(value.ToString("#,0.###", CultureInfo.InvariantCulture)));
        }

        foreach (var problem in result.Problems.Take(30))
        {
            table.AddRow(new Text("problem", new Style(Color.Red)), new Text(problem));
        }

        return table;
    }
}
