using System.CommandLine;
using Mesh.Api;
using Mesh.Cli.Client;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary><c>eject</c>, <c>restore</c> and <c>drain</c>: what a person may decide about an endpoint.</summary>
internal static class EndpointActions
{
    public static Command Eject(Globals globals)
    {
        var (service, id) = Arguments();
        var length = new Option<string?>("--for") { Description = "How long, like 30s or 5m [default: the policy's base ejection time]", HelpName = "time" };
        var reason = new Option<string?>("--reason") { Description = "Why; shown wherever the endpoint is", HelpName = "text" };
        var command = new Command("eject", "Take an endpoint out of rotation for a while") { service, id, length, reason };
        globals.Run(command, async (session, parsed, cancel) =>
        {
            if (parsed.GetValue(length) is { } text && Ages.Parse(text) is null)
            {
                throw Failure.Usage($"--for '{text}' is not a length of time.", "Write it like 30s, 5m or 1h30m.");
            }

            var path = $"{Paths.Endpoint(session.Service(parsed.GetValue(service)!), parsed.GetValue(id)!)}/eject";
            var body = new EjectPost(parsed.GetValue(length), parsed.GetValue(reason));
            return Report(session, await session.Client.PostAsync(path, body, MeshJson.Default.EjectPost, cancel), parsed.GetValue(service)!, parsed.GetValue(id)!);
        });
        return command;
    }

    public static Command Restore(Globals globals) => Simple(globals, "restore", "End an endpoint's ejection or draining");

    public static Command Drain(Globals globals) => Simple(globals, "drain", "Let an endpoint finish what it has, and send it nothing new");

    private static Command Simple(Globals globals, string verb, string description)
    {
        var (service, id) = Arguments();
        var command = new Command(verb, description) { service, id };
        globals.Run(command, async (session, parsed, cancel) =>
        {
            var path = $"{Paths.Endpoint(session.Service(parsed.GetValue(service)!), parsed.GetValue(id)!)}/{verb}";
            return Report(session, await session.Client.PostAsync(path, cancel), parsed.GetValue(service)!, parsed.GetValue(id)!);
        });
        return command;
    }

    private static (Argument<string> Service, Argument<string> Id) Arguments() =>
        (new Argument<string>("service") { Description = "NAME or NAMESPACE/NAME" }, new Argument<string>("id") { Description = "The endpoint's id" });

    private static int Report(Session session, Answer answer, string service, string id)
    {
        if (session.Whole)
        {
            Render.Write(session.Terminal.Out, answer.Body, session.Format);
            return ExitCodes.Ok;
        }

        var what = $"endpoint {session.Service(service)} {id}";
        if (answer.Body is null)
        {
            session.Say($"{what}: done");
            return ExitCodes.Ok;
        }

        var endpoint = Rows.As(answer.Body, MeshJson.Default.EndpointDetail);
        var until = endpoint.EjectedUntil is { } end ? $" for {Ages.Of(end - session.Now)}" : "";
        var why = string.IsNullOrEmpty(endpoint.Reason) ? "" : $" ({endpoint.Reason})";
        session.Say($"{what} is {endpoint.Status}{until}{why}");
        return ExitCodes.Ok;
    }
}
