using System.Globalization;
using Mesh.Api;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary>What proxies refuse, as people read it. The words are the proxies' own; what a terminal would obey in them is taken out when they are written.</summary>
internal static class RefusalText
{
    /// <summary>Who refuses: by name when it is one, else how many at least.</summary>
    public static Cell By(IReadOnlyList<RefusalView> refusals)
    {
        if (refusals.Count == 0)
        {
            return "";
        }

        // One client may refuse several resources, so the numbers cannot be added up.
        var nodes = refusals.SelectMany(static r => r.Nodes).Distinct(StringComparer.Ordinal).ToList();
        var most = Math.Max(nodes.Count, refusals.Max(static r => r.Clients));
        return new Cell(most == 1 && nodes.Count == 1 ? nodes[0] : string.Create(CultureInfo.InvariantCulture, $"{most} proxies"), Tone.Bad);
    }

    /// <summary>Each refusal in full, under a heading; nothing when there are none, or the server is too old to say.</summary>
    public static void WriteTo(Session session, IReadOnlyList<RefusalView>? refusals, int total)
    {
        if (refusals is not { Count: > 0 })
        {
            return;
        }

        session.Terminal.Out.WriteLine("\nRefused by proxies, which go on with what they had");
        // A server of before says nothing of documents.
        var made = refusals.Any(static refusal => refusal.Documents is { Count: > 0 });
        var table = new Table([.. (string[])["TYPE", "RESOURCE", "VERSION", "FOR", "BY"], .. made ? (string[])["MADE OF"] : [], "WHY"]);
        foreach (var refusal in refusals)
        {
            var others = refusal.Clients - refusal.Nodes.Count;
            var by = string.Join(", ", refusal.Nodes) + (others > 0 ? $" and {others} more" : "");
            table.Add(
            [
                refusal.Type, refusal.Resource, refusal.Version, Ages.Since(refusal.Since, session.Now), by,
                .. made ? (Cell[])[string.Join(", ", refusal.Documents ?? [])] : [],
                new Cell(string.IsNullOrEmpty(refusal.Error) ? "no reason given" : refusal.Error, Tone.Bad),
            ]);
        }

        table.WriteTo(session.Terminal, "  ");
        if (total > refusals.Count)
        {
            session.Say($"  and {total - refusals.Count} more");
        }
    }
}
