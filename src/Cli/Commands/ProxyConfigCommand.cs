using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Mesh.Api;
using Mesh.Cli.Client;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary><c>meshctl proxy-config</c>: what one proxy was sent, and of one resource also what it says.</summary>
internal static class ProxyConfigCommand
{
    public static Command Create(Globals globals)
    {
        var node = new Argument<string>("node") { Description = "The proxy's node id" };
        var name = new Argument<string?>("name") { Description = "Only this resource, and what it says", Arity = ArgumentArity.ZeroOrOne };
        var type = new Option<string?>("--type", "-t") { Description = "Only this type", HelpName = "cds|eds|lds|rds" };
        type.AcceptOnlyFromAmong("cds", "eds", "lds", "rds");
        var command = new Command("proxy-config", "What a proxy was sent, and what it made of it (-o json: with what each resource says)") { node, name, type };
        command.Aliases.Add("pc");
        globals.Run(command, async (session, parsed, cancel) =>
        {
            var (proxy, resource, only) = (parsed.GetValue(node)!, parsed.GetValue(name), parsed.GetValue(type));
            var path = Paths.ProxyConfig(proxy, only, resource, bodies: session.Whole || resource is not null);
            var items = await session.Client.ListAsync(path, cancel).ToListAsync(cancel);
            if (resource is not null && items.Count == 0)
            {
                throw new Failure(
                    ExitCodes.NotFound, $"{proxy} was sent no {(only is null ? "resource" : only.ToUpperInvariant() + " resource")} {resource}.",
                    $"List what it was sent with 'meshctl proxy-config {proxy}'.");
            }

            Write(session, proxy, items, resource is not null);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static void Write(Session session, string proxy, List<JsonNode> items, bool bodies)
    {
        if (session.Whole)
        {
            Render.Write(session.Terminal.Out, new JsonObject { ["items"] = new JsonArray([.. items.Select(static item => item.DeepClone())]) }, session.Format);
            return;
        }

        var resources = items.ConvertAll(static item => Rows.As(item, MeshJson.Default.ProxyResourceView));
        if (resources.Count == 0)
        {
            session.Terminal.Error.WriteLine($"{Plain.Text(proxy)} was sent nothing.");
            return;
        }

        if (bodies)
        {
            resources.ForEach(resource => WriteOne(session, resource));
            return;
        }

        Table(session, resources).WriteTo(session.Terminal);
    }

    private static Table Table(Session session, List<ProxyResourceView> resources)
    {
        // Where its streams come from matters only when it has several.
        var several = session.Wide || resources.Select(static r => (r.Stream, r.Address)).Distinct().Count() > 1;
        string[] columns = ["TYPE", "NAME", "STATUS", "SENT", "ACCEPTED", "BYTES", "CHANGED", .. several ? ["STREAM"] : Array.Empty<string>(), "REFUSED BECAUSE"];
        var table = new Table(columns);
        foreach (var resource in resources)
        {
            table.Add(
                [
                    resource.Type, resource.Name, State(resource), resource.Sent, resource.Accepted, resource.Bytes, Changed(session, resource),
                    .. several ? [Stream(resource)] : Array.Empty<Cell>(), new Cell(resource.Error ?? "-", resource.Error is null ? Tone.Plain : Tone.Bad),
                ]);
        }

        return table;
    }

    private static void WriteOne(Session session, ProxyResourceView resource)
    {
        var fields = new Fields();
        fields.Add("Resource", $"{resource.Type} {resource.Name}");
        fields.Add("Proxy", $"{resource.Node}, stream {Stream(resource)}");
        fields.Add("Status", State(resource));
        fields.Add("Sent", resource.Sent);
        fields.Add("Accepted", resource.Accepted);
        fields.AddIfAny("Refused because", resource.Error, Tone.Bad);
        fields.Add("Changed", Changed(session, resource));
        fields.Add("Bytes", resource.Bytes.ToString(CultureInfo.InvariantCulture));
        fields.WriteTo(session.Terminal);
        session.Terminal.Out.WriteLine();
        Render.Write(session.Terminal.Out, resource.Body, OutputFormat.Json);
    }

    private static string Stream(ProxyResourceView resource) => string.Create(CultureInfo.InvariantCulture, $"{resource.Stream} from {resource.Address}");

    private static Cell Changed(Session session, ProxyResourceView resource) =>
        resource.ChangedAt is { } at ? $"{Ages.Since(at, session.Now)} ago" : "";

    private static Cell State(ProxyResourceView resource) => resource.Status switch
    {
        "Rejected" => new Cell("REFUSED", Tone.Bad),
        "Pending" => new Cell("STALE", Tone.Warning),
        _ => new Cell("SYNCED", Tone.Good),
    };
}
