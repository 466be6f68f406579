using System.CommandLine;
using System.CommandLine.Invocation;
using Mesh.Local.Processes;

namespace Mesh.Local.Command;

/// <summary>The command line. Exit codes: 0 done, 1 something failed, 2 wrong usage, 130 stopped.</summary>
internal static class LocalClusterCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("Several silos and their stores on this machine.") { UpCommand.Create(), StoresCommand.Create(), StoryCommand.Create() };
        var parsed = root.Parse(args);
        if (parsed.Action is ParseErrorAction)
        {
            parsed.Errors.ToList().ForEach(error => Console.Error.WriteLine($"mesh: {error.Message}"));
            return 2;
        }

        using var stop = new StopSignals();
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false }, stop.Token);
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            return 130;
        }
        catch (LocalClusterException failure)
        {
            await Console.Error.WriteLineAsync($"mesh: {failure.Message}");
            return 1;
        }
    }

    /// <summary>An option that is a whole number within bounds.</summary>
    public static Option<int> Number(string name, string description, int standard, int least, int most)
    {
        var option = new Option<int>(name) { Description = $"{description} [{standard}]", HelpName = "n", DefaultValueFactory = _ => standard };
        option.Validators.Add(result =>
        {
            // What is no number at all is the parser's to refuse.
            if (result.Tokens is [var token] && int.TryParse(token.Value, out var number) && (number < least || number > most))
            {
                result.AddError($"{name} goes from {least} to {most}.");
            }
        });
        return option;
    }
}
