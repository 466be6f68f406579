using System.Globalization;
using Mesh.Api;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary>The status as people read it: first what is wrong and what to do, then who there is.</summary>
internal static class StatusText
{
    public static void Write(Session session, StatusView status)
    {
        var terminal = session.Terminal;
        terminal.Out.WriteLine(Ansi.Paint(Plain.Text(status.Headline), status.Well ? Tone.Good : Tone.Bad, terminal.Colour));
        foreach (var finding in status.Findings)
        {
            terminal.Out.WriteLine($"  {Ansi.Paint(finding.Wrong ? "!" : "-", finding.Wrong ? Tone.Bad : Tone.Warning, terminal.Colour)} {Plain.Text(finding.Text)} {Plain.Text(finding.Remedy)}");
        }

        if (status.Missing.Count > 0)
        {
            terminal.Out.WriteLine($"  Missing below, for it did not answer in time: {Plain.Text(string.Join("; ", status.Missing))}.");
        }

        terminal.Out.WriteLine();
        Silos(session, status);
        Grains(session, status);
        Gateways(session, status);
        Stores(session, status);
        terminal.Out.WriteLine(Plain.Text(
            $"cluster {status.Cluster}, {status.Edition} edition, version {status.Product}; {Count(status.AdsStreams)} ADS and {Count(status.LrsStreams)} LRS streams in all"));
    }

    private static void Silos(Session session, StatusView status)
    {
        var table = session.Wide
            ? new Table("SILO", "STATE", "SINCE", "VERSION", "MEMORY", "HEAP", "CPU", "GRAINS", "ADDRESS")
            : new Table("SILO", "STATE", "SINCE", "VERSION", "MEMORY", "GRAINS", "ADDRESS");
        // What a silo was before its last start is in -o json.
        foreach (var silo in status.Silos.Where(silo => silo.State != "Dead" || !status.Silos.Any(other => other.Name == silo.Name && other.Started > silo.Started)))
        {
            Cell state = new(silo.State == "NoAnswer" ? "NO ANSWER" : silo.State, Toned(silo.State));
            Cell since = Ages.Since(silo.Started, session.Now), memory = Bytes(silo.ResidentBytes), grains = silo.Grains is { } all ? Count(all.Values.Sum()) : null;
            if (session.Wide)
            {
                table.Add(
                    silo.Name, state, since, silo.Version, memory, Bytes(silo.HeapBytes),
                    silo.ProcessorsUsed is { } used ? used.ToString("0.00", CultureInfo.InvariantCulture) : null, grains, silo.Address);
            }
            else
            {
                table.Add(silo.Name, state, since, silo.Version, memory, grains, silo.Address);
            }
        }

        Block(session, table);
    }

    /// <summary>A row for each kind, a column for each silo that told, and their sum.</summary>
    private static void Grains(Session session, StatusView status)
    {
        var silos = status.Silos.Where(static silo => silo.Grains is { Count: > 0 }).ToList();
        var table = new Table(["GRAINS", .. silos.Select(static silo => Plain.Text(silo.Name)), .. silos.Count > 1 ? ["ALL"] : Array.Empty<string>()]);
        foreach (var kind in silos.SelectMany(static silo => silo.Grains!.Keys).Distinct().Order(StringComparer.Ordinal))
        {
            var counts = silos.Select(silo => silo.Grains!.TryGetValue(kind, out var count) ? count : 0).ToList();
            table.Add([kind, .. counts.Select(static count => (Cell)Count(count)), .. silos.Count > 1 ? [(Cell)Count(counts.Sum())] : Array.Empty<Cell>()]);
        }

        Block(session, table);
    }

    private static void Gateways(Session session, StatusView status)
    {
        var table = new Table("GATEWAY", "READY", "ADS", "LRS", "SERVICES", "HEARD", "SINCE", "REST", "GRPC", "IN SILO");
        foreach (var gateway in status.Gateways)
        {
            var ready = gateway.Stale ? new Cell("STALE", Tone.Bad) : gateway.Ready ? new Cell("yes", Tone.Good) : new Cell("no", Tone.Bad);
            table.Add(
                gateway.Name, ready, Count(gateway.AdsStreams), Count(gateway.LrsStreams), Count(gateway.Services),
                gateway.HeardSecondsAgo < 1 ? "now" : $"{Ages.Of(TimeSpan.FromSeconds(gateway.HeardSecondsAgo))} ago", Ages.Since(gateway.Started, session.Now),
                gateway.Rest, gateway.Grpc, gateway.Silo is null ? "no" : "yes");
        }

        Block(session, table);
    }

    private static void Stores(Session session, StatusView status)
    {
        var table = new Table("STORE", "HOLDS", "STATE", "SINCE", "SCHEMA", "NOTE");
        foreach (var store in status.Stores)
        {
            table.Add(
                store.Name, store.Role.ToLowerInvariant(), store.Up ? new Cell("up", Tone.Good) : new Cell("AWAY", Tone.Bad), Ages.Since(store.Since, session.Now), store.Schema,
                store.Detail ?? store.Warning);
        }

        Block(session, table);
    }

    private static void Block(Session session, Table table)
    {
        if (table.Count > 0)
        {
            table.WriteTo(session.Terminal);
            session.Terminal.Out.WriteLine();
        }
    }

    private static Tone Toned(string state) => state switch
    {
        "Active" => Tone.Good,
        "Dead" => Tone.Faint,
        "NoAnswer" => Tone.Bad,
        _ => Tone.Warning,
    };

    private static string? Bytes(long? bytes) =>
        bytes is { } number ? string.Create(CultureInfo.InvariantCulture, $"{number / 1024.0 / 1024.0:0} MiB") : null;

    private static string Count(int number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
