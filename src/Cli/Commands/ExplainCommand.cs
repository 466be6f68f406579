using System.CommandLine;
using System.Text.Json.Nodes;
using Mesh.Api;
using Mesh.Cli.Client;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary><c>meshctl explain</c>: why endpoints stand where they do, with the figures to check it.</summary>
internal static class ExplainCommand
{
    public static Command Create(Globals globals)
    {
        var service = new Argument<string>("service") { Description = "NAME or NAMESPACE/NAME" };
        var endpoint = new Argument<string?>("endpoint")
        {
            Description = "The endpoint's id; without it, all that are not simply healthy or were ejected lately",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command("explain", "Say why endpoints are ejected or weigh what they do: evidence, proxies, policy, budget") { service, endpoint };
        globals.Run(command, async (session, parsed, cancel) =>
        {
            var target = session.Service(parsed.GetValue(service)!);
            var node = await session.Client.GetAsync(Paths.Explain(target, parsed.GetValue(endpoint)), cancel) ?? new JsonObject();
            if (session.Whole)
            {
                Render.Write(session.Terminal.Out, node, session.Format);
                return ExitCodes.Ok;
            }

            ExplanationText.Write(session, Rows.As(node, MeshJson.Default.ExplanationView), whole: parsed.GetValue(endpoint) is null);
            return ExitCodes.Ok;
        });
        return command;
    }
}
