using System.CommandLine;
using Mesh.Cli.Documents;

namespace Mesh.Cli.Commands;

/// <summary><c>meshctl delete</c>: deregisters endpoints, and takes policies away.</summary>
internal static class DeleteCommand
{
    public static Command Create(Globals globals)
    {
        var files = ApplyCommand.FileOption(required: false);
        var missing = new Option<bool>("--ignore-not-found") { Description = "What is gone already counts as deleted", Recursive = true };
        var command = new Command("delete", "Delete an endpoint, a policy, or the policies of a file")
        {
            files,
            missing,
            Endpoint(globals, missing),
            Policy(globals, missing),
        };
        globals.Run(command, async (session, parsed, cancel) =>
        {
            if (parsed.GetValue(files) is not { Length: > 0 } names)
            {
                throw Failure.Usage("nothing to delete.", "Write 'delete endpoint SERVICE ID', 'delete policy NAME' or 'delete -f FILE'.");
            }

            var exitCode = ExitCodes.Ok;
            foreach (var document in Sources.Read(names, session.Terminal))
            {
                var target = ApplyCommand.Place(session, document);
                var one = await Delete(session, Paths.Policy(document.Kind, target), $"{document.Kind} {target}", parsed.GetValue(missing), cancel);
                exitCode = exitCode == ExitCodes.Ok ? one : exitCode;
            }

            return exitCode;
        });
        return command;
    }

    private static Command Endpoint(Globals globals, Option<bool> missing)
    {
        var service = new Argument<string>("service") { Description = "NAME or NAMESPACE/NAME" };
        var id = new Argument<string>("id") { Description = "The endpoint's id" };
        var command = new Command("endpoint", "Deregister an endpoint") { service, id };
        command.Aliases.Add("ep");
        globals.Run(command, (session, parsed, cancel) =>
        {
            var target = session.Service(parsed.GetValue(service)!);
            var name = parsed.GetValue(id)!;
            return Delete(session, Paths.Endpoint(target, name), $"endpoint {target} {name}", parsed.GetValue(missing), cancel);
        });
        return command;
    }

    private static Command Policy(Globals globals, Option<bool> missing)
    {
        var name = new Argument<string>("policy") { Description = "NAME or NAMESPACE/NAME" };
        var kind = GetCommand.KindOption();
        var command = new Command("policy", "Delete a policy") { name, kind };
        command.Aliases.Add("pol");
        globals.Run(command, (session, parsed, cancel) =>
        {
            var target = session.Named(parsed.GetValue(name)!, "policy");
            var of = Kinds.Of(parsed.GetValue(kind));
            return Delete(session, Paths.Policy(of, target), $"{of} {target}", parsed.GetValue(missing), cancel);
        });
        return command;
    }

    private static async Task<int> Delete(Session session, string path, string what, bool missingIsFine, CancellationToken cancel)
    {
        try
        {
            await session.Client.DeleteAsync(path, cancel);
            session.Say($"{what} deleted");
            return ExitCodes.Ok;
        }
        catch (Failure failure) when (failure.ExitCode == ExitCodes.NotFound && missingIsFine)
        {
            session.Say($"{what} was not there");
            return ExitCodes.Ok;
        }
        catch (Failure failure) when (failure.ExitCode != ExitCodes.Unreachable)
        {
            failure.WriteTo(session.Terminal.Error, $"meshctl: {what}: ");
            return failure.ExitCode;
        }
    }
}
