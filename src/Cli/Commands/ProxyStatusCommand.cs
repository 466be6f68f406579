using System.CommandLine;
using System.Text.Json.Nodes;
using Mesh.Api;
using Mesh.Cli.Client;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary><c>meshctl proxy-status</c>: is what was decided also what runs? Says in words which proxy lags, and what one refused.</summary>
internal static class ProxyStatusCommand
{
    public static Command Create(Globals globals)
    {
        var refused = new Option<bool>("--fail-on-refused") { Description = "Exit with 5 when a proxy refuses anything" };
        var stale = new Option<string?>("--fail-on-stale") { Description = "Exit with 5 when a proxy has been behind for longer than this, like 5s", HelpName = "time" };
        var command = new Command("proxy-status", "Whether each proxy runs what the control plane decided (-o wide: type by type)") { refused, stale };
        command.Aliases.Add("ps");
        globals.Run(command, async (session, parsed, cancel) =>
        {
            var patience = Patience(parsed.GetValue(stale));
            var nodes = await session.Client.ListAsync(Paths.Proxies, cancel).ToListAsync(cancel);
            var proxies = nodes.ConvertAll(static node => Rows.As(node, MeshJson.Default.ProxyView));
            Write(session, nodes, proxies);
            return Check(session, proxies, parsed.GetValue(refused), patience);
        });
        return command;
    }

    private static TimeSpan? Patience(string? text) => text is null ? null : Ages.Parse(text)
        ?? throw Failure.Usage($"--fail-on-stale '{text}' is not a length of time.", "Write it like 5s, 500ms or 1m.");

    private static void Write(Session session, List<JsonNode> nodes, List<ProxyView> proxies)
    {
        if (session.Whole)
        {
            Render.Write(session.Terminal.Out, new JsonObject { ["items"] = new JsonArray([.. nodes.Select(static node => node.DeepClone())]) }, session.Format);
        }
        else if (nodes.Count == 0)
        {
            session.Terminal.Error.WriteLine("No proxies are connected.");
        }
        else
        {
            (session.Wide ? ProxyRows.Wide(nodes, session) : ProxyRows.Of(nodes, session)).WriteTo(session.Terminal);
            proxies.ForEach(proxy => Explain(session, proxy));
        }
    }

    private static void Explain(Session session, ProxyView proxy)
    {
        if (proxy is { Weights: "Ignored" } or { Reports: "PerLocality" })
        {
            Paragraph(session, $"{proxy.Node}: weights: {ProxyText.Weights(proxy)}; reports: {ProxyText.Reports(proxy, session.Now)}");
        }

        ExplainRefusals(session, proxy);
    }

    public static void ExplainRefusals(Session session, ProxyView proxy)
    {
        foreach (var type in proxy.Types.Where(static type => type.Status == "Rejected"))
        {
            foreach (var refusal in type.Refusals ?? [])
            {
                Paragraph(session, $"{proxy.Node} has refused {type.Type} {refusal.Name} for {Ages.Since(refusal.Since, session.Now)}, version {refusal.Version}: {Words(refusal.Error)}");
                session.Say($"  It goes on with {refusal.Accepted ?? "nothing"}.");
            }

            if (type.Refusals is not { Count: > 0 })
            {
                Paragraph(session, $"{proxy.Node} rejected {type.Type} {type.Sent}: {Words(type.Error)}");
                session.Say($"  It goes on with {type.Accepted ?? "nothing"}.");
            }
            else if (type.Refused > type.Refusals.Count)
            {
                Paragraph(session, $"{proxy.Node} refuses {type.Refused - type.Refusals.Count} more of {type.Type}; see them with 'meshctl proxy-config {proxy.Node} --type {type.Type.ToLowerInvariant()}'.");
            }
        }
    }

    private static int Check(Session session, List<ProxyView> proxies, bool failOnRefused, TimeSpan? patience)
    {
        var refusing = failOnRefused ? proxies.Count(static proxy => proxy.Types.Any(static type => type.Status == "Rejected")) : 0;
        var behind = patience is { } limit ? proxies.Count(proxy => proxy.Types.Any(type => type.LagSeconds > limit.TotalSeconds)) : 0;
        if (refusing > 0)
        {
            session.Notice($"{refusing} of {proxies.Count} proxies refuse something.");
        }

        if (behind > 0)
        {
            session.Notice($"{behind} of {proxies.Count} proxies have been behind for longer than {Ages.Of(patience!.Value)}.");
        }

        return refusing + behind > 0 ? ExitCodes.Amiss : ExitCodes.Ok;
    }

    private static void Paragraph(Session session, string line)
    {
        session.Terminal.Out.WriteLine();
        session.Say(line);
    }

    private static string Words(string? error) => string.IsNullOrEmpty(error) ? "no reason given" : error;
}
