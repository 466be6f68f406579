using System.CommandLine;
using System.Text.Json.Nodes;
using Mesh.Api;
using Mesh.Cli.Client;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary><c>meshctl proxy-status</c>: is what was decided also what runs? Says in words which proxy lags, and what one rejected.</summary>
internal static class ProxyStatusCommand
{
    public static Command Create(Globals globals)
    {
        var command = new Command("proxy-status", "Whether each proxy runs what the control plane decided");
        command.Aliases.Add("ps");
        globals.Run(command, async (session, _, cancel) =>
        {
            var nodes = await session.Client.ListAsync(Paths.Proxies, cancel).ToListAsync(cancel);
            if (session.Whole)
            {
                Render.Write(session.Terminal.Out, new JsonObject { ["items"] = new JsonArray([.. nodes.Select(node => node.DeepClone())]) }, session.Format);
                return ExitCodes.Ok;
            }

            if (nodes.Count == 0)
            {
                session.Terminal.Error.WriteLine("No proxies are connected.");
                return ExitCodes.Ok;
            }

            Rows.Proxies(nodes, session).WriteTo(session.Terminal);
            Explain(session, nodes.Select(node => Rows.As(node, MeshJson.Default.ProxyView)));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static void Explain(Session session, IEnumerable<ProxyView> proxies)
    {
        foreach (var proxy in proxies)
        {
            if (proxy is { Weights: "Ignored" } or { Reports: "PerLocality" })
            {
                session.Say($"\n{proxy.Node}: weights: {ProxyText.Weights(proxy)}; reports: {ProxyText.Reports(proxy, session.Now)}");
            }

            foreach (var type in proxy.Types.Where(type => type.Status == "Rejected"))
            {
                session.Say($"\n{proxy.Node} rejected {type.Type} {type.Sent}: {type.Error ?? "no reason given"}");
                session.Say($"  It goes on with {type.Accepted ?? "nothing"}.");
            }
        }
    }
}
