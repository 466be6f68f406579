using System.CommandLine;
using System.CommandLine.Invocation;
using Mesh.Cli.Commands;

namespace Mesh.Cli;

/// <summary>
/// meshctl: what an admin types. It knows only the public REST API, so it can do nothing that a script with curl could not; except that it makes a cluster's tables,
/// before there is an API.
/// </summary>
internal static class Meshctl
{
    private const string About = """
        Looks at the mesh and changes it: services, endpoints, policies, proxies.

        SERVICE is a NAME (in -n's namespace, or 'default') or NAMESPACE/NAME.

        Exit codes:
          0  done
          1  the server refused, or failed; of 'status': something is wrong; of 'export diff': they differ
          2  the command line is wrong; nothing was sent
          3  what it names does not exist
          4  the server cannot be reached
          5  proxies are not as --fail-on-... demands
        """;

    public static async Task<int> RunAsync(string[] args, Terminal terminal, TimeProvider time, CancellationToken cancel = default)
    {
        var parsed = Root(terminal, time).Parse(args.Length == 0 ? ["--help"] : args);
        if (parsed.Action is ParseErrorAction)
        {
            // "A command is missing" says nothing that "this is not one" does not say better.
            var errors = parsed.Errors.Select(error => error.Message).Distinct().ToList();
            foreach (var error in errors.Count > 1 ? errors.Where(error => !error.StartsWith("Required command", StringComparison.Ordinal)) : errors)
            {
                terminal.Error.WriteLine($"meshctl: {error}");
            }

            terminal.Error.WriteLine($"  See '{PathTo(parsed.CommandResult)} --help'.");
            return ExitCodes.Usage;
        }

        var invocation = new InvocationConfiguration
        {
            Output = terminal.Out,
            Error = terminal.Error,
            EnableDefaultExceptionHandler = false,
            // Ctrl-C on `register --keep-alive` still has to deregister.
            ProcessTerminationTimeout = TimeSpan.FromSeconds(5),
        };
        return await parsed.InvokeAsync(invocation, cancel);
    }

    private static RootCommand Root(Terminal terminal, TimeProvider time)
    {
        var globals = new Globals(terminal, time);
        var root = new RootCommand(About)
        {
            GetCommand.Create(globals),
            DescribeCommand.Create(globals),
            ExplainCommand.Create(globals),
            ApplyCommand.Create(globals),
            ReplayCommand.Create(globals),
            DeleteCommand.Create(globals),
            RegisterCommand.Create(globals),
            EndpointActions.Eject(globals),
            EndpointActions.Restore(globals),
            EndpointActions.Drain(globals),
            ProxyStatusCommand.Create(globals),
            ProxyConfigCommand.Create(globals),
            WatchCommand.Create(globals),
            ClusterCommand.Create(globals),
            StatusCommand.Create(globals),
            ExportCommand.Create(globals),
            ImportCommand.Create(globals),
            CompletionCommand.Create(terminal),
        };
        globals.AddTo(root);
        return root;
    }

    private static string PathTo(System.CommandLine.Parsing.SymbolResult? result)
    {
        var names = new Stack<string>();
        for (; result is System.CommandLine.Parsing.CommandResult command; result = result.Parent)
        {
            names.Push(command.Command is RootCommand ? "meshctl" : command.Command.Name);
        }

        return string.Join(' ', names);
    }
}
