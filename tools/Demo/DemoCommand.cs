using System.CommandLine;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;
using Mesh.Demo.Processes;
using Mesh.Demo.Screen;
using Mesh.Demo.Story;
using Mesh.Local;
using Mesh.Local.Processes;
using Spectre.Console;

namespace Mesh.Demo;

/// <summary>The command line of the demo. Exit codes: 0 every promise kept, 1 one broken or the demo failed, 2 wrong usage, 130 stopped.</summary>
internal static class DemoCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        var fast = new Option<bool>("--fast") { Description = "Shorter pauses: half the time" };
        var plain = new Option<bool>("--plain") { Description = "Lines instead of a live picture (the default where there is no terminal)" };
        var json = new Option<bool>("--json") { Description = "The result as JSON on standard output; progress on standard error" };
        var rate = new Option<int>("--rate") { Description = "Requests per second through each proxy", HelpName = "n", DefaultValueFactory = _ => 200 };
        var repeat = new Option<int>("--repeat") { Description = "Make a backend fail and heal n times, in turn, and report medians", HelpName = "n", DefaultValueFactory = _ => 3 };
        var kills = new Option<int>("--kills") { Description = "Kill the control plane n times, or so many silos, under writes as well", HelpName = "n", DefaultValueFactory = _ => 1 };
        var silos = new Option<int>("--silos") { Description = "Silos of the control plane, in the Cluster edition: each is killed in its turn", HelpName = "n", DefaultValueFactory = _ => Edition.IsCluster ? 3 : 1 };
        var svg = new Option<string?>("--svg") { Description = "Also draw the screen into a file", HelpName = "file" };
        var keep = new Option<bool>("--keep") { Description = "Keep the data and logs of the run, and say where" };
        foreach (var (option, most) in new[] { (rate, 5_000), (repeat, 1_000), (kills, 1_000), (silos, Edition.IsCluster ? 9 : 1) })
        {
            option.Validators.Add(result =>
            {
                // What is no number at all is the parser's to refuse.
                if (result.Tokens is [var token] && int.TryParse(token.Value, out var number) && (number < 1 || number > most))
                {
                    result.AddError($"{option.Name} goes from 1 to {most}.");
                }
            });
        }

        var root = new RootCommand("Shows a failing backend leave every proxy of a mesh, and come back; then kills the control plane, or its silos, under load.")
        {
            fast, plain, json, rate, repeat, kills, silos, svg, keep,
        };
        var parsed = root.Parse(args);
        if (parsed.Action is ParseErrorAction)
        {
            parsed.Errors.ToList().ForEach(error => Console.Error.WriteLine($"mesh demo: {error.Message}"));
            return 2;
        }

        root.SetAction((_, _) => RunAsync(new DemoOptions
        {
            Steady = parsed.GetValue(fast) ? TimeSpan.FromSeconds(1.5) : TimeSpan.FromSeconds(4),
            Away = parsed.GetValue(fast) ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(2),
            Rate = parsed.GetValue(rate),
            Rounds = parsed.GetValue(repeat),
            Kills = parsed.GetValue(kills),
            Silos = parsed.GetValue(silos),
            Plain = parsed.GetValue(plain),
            Json = parsed.GetValue(json),
            Svg = parsed.GetValue(svg),
            Keep = parsed.GetValue(keep),
        }));
        return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }

    private static async Task<int> RunAsync(DemoOptions options)
    {
        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext signal)
        {
            // The children must go first.
            signal.Cancel = true;
            stop.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);

        var console = Consoles.For(options.Json);
        var live = !options.Plain && !options.Json && console.Profile.Capabilities is { Interactive: true, Ansi: true };
        await using var house = new House(options.Keep);
        try
        {
            var scene = new Scene();
            await using (IScreen screen = live ? new LiveScreen(console, scene) : new PlainScreen(console, scene))
            {
                await using var story = new Narrator(options, house, scene);
                await story.Tell(stop.Token);
                await screen.Finish();
                return Report(options, console, scene, story.Verdict());
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            console.MarkupLine("[grey]stopped[/]");
            return 130;
        }
        catch (Exception failure) when (failure is DemoException or LocalClusterException)
        {
            console.MarkupLineInterpolated($"[red]The demo could not go on:[/] {failure.Message}");
            return 1;
        }
    }

    private static int Report(DemoOptions options, IAnsiConsole console, Scene scene, Verdict verdict)
    {
        console.Write(VerdictTable.Of(verdict));
        if (options.Svg is { } file)
        {
            File.WriteAllText(file, SvgScreen.Draw(new Rows(scene.Memorable ?? Frame.Of(scene.Read()), new Text(""), VerdictTable.Of(verdict))));
        }

        if (options.Json)
        {
            Console.Out.WriteLine(verdict.ToJson());
        }

        return verdict.Kept ? 0 : 1;
    }
}

/// <summary>The demo cannot go on; the message is for the person in front of it.</summary>
internal sealed class DemoException(string message) : Exception(message);
