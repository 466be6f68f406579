using System.CommandLine;
using System.Text.Json.Nodes;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary><c>meshctl get</c>: lists, or one thing of a list.</summary>
internal static class GetCommand
{
    public static Command Create(Globals globals) =>
        new("get", "List services, endpoints, policies or proxies")
        {
            Services(globals),
            Endpoints(globals),
            Policies(globals),
            Proxies(globals),
        };

    private static Command Services(Globals globals)
    {
        var name = Optional("service", "Only this one");
        var command = new Command("services", "Services and how many of their endpoints are healthy") { name };
        command.Aliases.Add("service");
        command.Aliases.Add("svc");
        globals.Run(command, async (session, parsed, cancel) =>
        {
            if (parsed.GetValue(name) is not { } text)
            {
                var all = await session.Client.ListAsync(Paths.InNamespace(Paths.Services, session.Namespace), cancel).ToListAsync(cancel);
                return List(session, all, Rows.Services, "No services. Register one: meshctl register SERVICE ID --address IP:PORT");
            }

            var service = session.Service(text);
            var found = await session.Client.GetAsync(Paths.Service(service), cancel) ?? new JsonObject();
            if (found is JsonObject detail && !session.Whole && detail["policy"] is JsonObject policy)
            {
                // The list's lines name the policy's document; a service alone carries the policy itself.
                detail["policy"] = policy["source"]?.DeepClone();
            }

            return One(session, found, Rows.Services);
        });
        return command;
    }

    private static Command Endpoints(Globals globals)
    {
        var service = Optional("service", "Only this service's; without it, those of all services");
        var id = Optional("id", "Only this one");
        var command = new Command("endpoints", "Endpoints, their status and why") { service, id };
        command.Aliases.Add("endpoint");
        command.Aliases.Add("ep");
        globals.Run(command, async (session, parsed, cancel) =>
        {
            if (parsed.GetValue(service) is not { } text)
            {
                var everything = new List<JsonNode>();
                await foreach (var item in session.Client.ListAsync(Paths.InNamespace(Paths.Services, session.Namespace), cancel))
                {
                    var each = new Target((string?)item["namespace"] ?? "", (string?)item["name"] ?? "");
                    everything.AddRange(await session.Client.ListAsync(Paths.Endpoints(each), cancel).ToListAsync(cancel));
                }

                return List(session, everything, nodes => Rows.Endpoints(nodes, session), "No endpoints. Register one: meshctl register SERVICE ID --address IP:PORT");
            }

            var target = session.Service(text);
            if (parsed.GetValue(id) is { } one)
            {
                var endpoint = await session.Client.GetAsync(Paths.Endpoint(target, one), cancel) ?? new JsonObject();
                return One(session, endpoint, nodes => Rows.Endpoints(nodes, session));
            }

            var all = await session.Client.ListAsync(Paths.Endpoints(target), cancel).ToListAsync(cancel);
            return List(session, all, nodes => Rows.Endpoints(nodes, session), $"Service {target} has no endpoints.");
        });
        return command;
    }

    private static Command Policies(Globals globals)
    {
        var name = Optional("policy", "Only this one");
        var kind = KindOption();
        var command = new Command("policies", "Policy documents and what they bind to") { name, kind };
        command.Aliases.Add("policy");
        command.Aliases.Add("pol");
        globals.Run(command, async (session, parsed, cancel) =>
        {
            if (parsed.GetValue(name) is { } text)
            {
                var policy = await session.Client.GetAsync(Paths.Policy(Kinds.Of(parsed.GetValue(kind)), session.Named(text, "policy")), cancel);
                return One(session, policy ?? new JsonObject(), nodes => Rows.Policies(nodes, session));
            }

            var path = Paths.InNamespace(Paths.Policies, session.Namespace);
            if (parsed.GetValue(kind) is { } wanted)
            {
                path += $"{(session.Namespace is null ? '?' : '&')}kind={Uri.EscapeDataString(Kinds.Of(wanted))}";
            }

            var all = await session.Client.ListAsync(path, cancel).ToListAsync(cancel);
            return List(session, all, nodes => Rows.Policies(nodes, session), "No policies. Add one: meshctl apply -f FILE");
        });
        return command;
    }

    private static Command Proxies(Globals globals)
    {
        var node = Optional("node", "Only this one");
        var command = new Command("proxies", "Connected proxies and what each has accepted") { node };
        command.Aliases.Add("proxy");
        globals.Run(command, async (session, parsed, cancel) =>
        {
            if (parsed.GetValue(node) is { } text)
            {
                var proxy = await session.Client.GetAsync(Paths.Proxy(text), cancel) ?? new JsonObject();
                return One(session, proxy, nodes => ProxyRows.Of(nodes, session));
            }

            var all = await session.Client.ListAsync(Paths.Proxies, cancel).ToListAsync(cancel);
            return List(session, all, nodes => ProxyRows.Of(nodes, session), "No proxies are connected.");
        });
        return command;
    }

    public static Option<string?> KindOption() => new("--kind")
    {
        Description = $"The kind of document [default: {Kinds.Default}]",
        HelpName = "kind",
    };

    private static Argument<string?> Optional(string name, string description) =>
        new(name) { Description = description, Arity = ArgumentArity.ZeroOrOne };

    private static int List(Session session, List<JsonNode> items, Func<IEnumerable<JsonNode>, Table> table, string empty)
    {
        if (session.Whole)
        {
            Render.Write(session.Terminal.Out, new JsonObject { ["items"] = new JsonArray([.. items.Select(item => item.DeepClone())]) }, session.Format);
        }
        else if (items.Count == 0)
        {
            // A pipe gets nothing; what to do next is for people.
            session.Terminal.Error.WriteLine(empty);
        }
        else
        {
            table(items).WriteTo(session.Terminal);
        }

        return ExitCodes.Ok;
    }

    private static int One(Session session, JsonNode item, Func<IEnumerable<JsonNode>, Table> table)
    {
        if (session.Whole)
        {
            Render.Write(session.Terminal.Out, item, session.Format);
        }
        else
        {
            table([item]).WriteTo(session.Terminal);
        }

        return ExitCodes.Ok;
    }
}
