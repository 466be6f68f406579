using System.Globalization;
using System.Text.Json.Nodes;
using Mesh.Api;
using Mesh.Cli.Client;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary>The tables of proxies. The columns of types are in istioctl's order, and its words are used where there are any.</summary>
internal static class ProxyRows
{
    private static readonly string[] Types = ["CDS", "LDS", "EDS", "RDS"];

    /// <summary>One row for each stream.</summary>
    public static Table Of(IEnumerable<JsonNode> nodes, Session session)
    {
        var table = new Table("NODE", "CLUSTER", "CDS", "LDS", "EDS", "RDS", "XDS", "WEIGHTS", "REPORTS", "CONNECTED", "ADDRESS", "USER AGENT");
        foreach (var proxy in nodes.Select(static node => Rows.As(node, MeshJson.Default.ProxyView)))
        {
            table.Add(
                [
                    proxy.Node, proxy.Cluster, .. Types.Select(type => State(proxy.Types.FirstOrDefault(each => each.Type == type))),
                    Variant(proxy), Weights(proxy), Reports(proxy), Ages.Since(proxy.ConnectedAt, session.Now), proxy.Address, proxy.UserAgent,
                ]);
        }

        return table;
    }

    /// <summary>One row for each type of each stream.</summary>
    public static Table Wide(IEnumerable<JsonNode> nodes, Session session)
    {
        var table = new Table("NODE", "KIND", "XDS", "TYPE", "STATUS", "WANTED", "HELD", "SENT", "ACCEPTED", "LAST ACCEPTED", "LOCALITY", "CONNECTED", "ADDRESS", "USER AGENT");
        foreach (var proxy in nodes.Select(static node => Rows.As(node, MeshJson.Default.ProxyView)))
        {
            foreach (var type in Types.Select(name => proxy.Types.FirstOrDefault(each => each.Type == name)).OfType<ProxyTypeView>())
            {
                table.Add(
                    proxy.Node, proxy.Kind, Variant(proxy), type.Type, State(type), type.Resources < 0 ? "all" : type.Resources, type.Held,
                    type.Sent, type.Accepted, type.LastAcceptedAt is { } at ? $"{Ages.Since(at, session.Now)} ago" : null,
                    Rows.Locality(proxy.Locality), Ages.Since(proxy.ConnectedAt, session.Now), proxy.Address, proxy.UserAgent);
            }
        }

        return table;
    }

    /// <summary>SYNCED, STALE and for how long, REFUSED and how many, or NOT SENT when what was asked for does not exist.</summary>
    public static Cell State(ProxyTypeView? type) => type switch
    {
        null => new Cell("-", Tone.Faint),
        { Status: "Rejected" } => new Cell(type.Refused > 0 ? string.Create(CultureInfo.InvariantCulture, $"REFUSED {type.Refused}") : "REFUSED", Tone.Bad),
        { Status: "Pending" } => new Cell($"STALE ({Lag(type.LagSeconds)})", Tone.Warning),
        { Sent: null } => new Cell("NOT SENT", Tone.Faint),
        { Status: "Synced" } => new Cell("SYNCED", Tone.Good),
        _ => type.Status,
    };

    public static string Lag(double seconds) =>
        seconds < 60 ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s") : Ages.Of(TimeSpan.FromSeconds(seconds));

    private static Cell Variant(ProxyView proxy) => proxy.Variant switch { "StateOfTheWorld" => "sotw", "Delta" => "delta", var other => other };

    /// <summary>What a proxy does with endpoints' weights; empty when the server is too old to say.</summary>
    private static Cell Weights(ProxyView proxy) => proxy.Weights == "Ignored" ? new Cell("ignored", Tone.Warning) : proxy.Weights.ToLowerInvariant();

    /// <summary>What a proxy reports.</summary>
    private static Cell Reports(ProxyView proxy) => proxy.Reports switch
    {
        "PerEndpoint" => "per endpoint",
        "PerLocality" => new Cell("per locality", Tone.Warning),
        "None" => new Cell("none", Tone.Faint),
        _ => "",
    };
}
