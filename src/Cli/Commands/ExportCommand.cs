using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Mesh.Api;
using Mesh.Cli.Moving;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary><c>meshctl export</c>: the whole mesh in one file; and <c>export diff</c>, which says whether two such files are equal.</summary>
internal static class ExportCommand
{
    private const int MostShown = 200;

    public static Command Create(Globals globals)
    {
        var file = new Option<string?>("--filename", "-f") { Description = "Where to write it [default: standard output]", HelpName = "file" };
        var command = new Command("export", "Write the whole mesh (documents, ledgers, endpoints with their states) to one file") { file };
        command.Subcommands.Add(Diff(globals));
        globals.Run(command, async (session, parsed, cancel) =>
        {
            using var response = await session.Client.OpenAsync("v1/export", ExportFormat.MediaType, null, cancel);
            await using var body = await response.Content.ReadAsStreamAsync(cancel);
            if (parsed.GetValue(file) is not { } path || path == "-")
            {
                await Copy(session, body, line => session.Terminal.Out.Write(Encoding.UTF8.GetString(line.Span) + "\n"), cancel);
                return ExitCodes.Ok;
            }

            await ToFile(session, body, path, cancel);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static async Task ToFile(Session session, Stream body, string path, CancellationToken cancel)
    {
        // Under another name until it is whole: nobody shall mistake half an export for one.
        var part = $"{path}.part";
        var output = Create(part, path);
        var whole = false;
        try
        {
            await using (output)
            {
                using var check = await Copy(
                    session, body,
                    line =>
                    {
                        output.Write(line.Span);
                        output.WriteByte((byte)'\n');
                    },
                    cancel);
                session.Notice(
                    $"{path}: {Counted(check.Count(ExportFormat.Policy), "policy", "policies")}, {Counted(check.Count(ExportFormat.Service), "service", "services")}, "
                    + $"{Counted(check.Count(ExportFormat.Endpoint), "endpoint", "endpoints")}, {Counted(check.Count(ExportFormat.Entry), "ledger entry", "ledger entries")}.");
            }

            File.Move(part, path, overwrite: true);
            whole = true;
        }
        finally
        {
            if (!whole)
            {
                File.Delete(part);
            }
        }
    }

    private static FileStream Create(string part, string path)
    {
        try
        {
            return new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None, 64 * 1024);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw Failure.Usage($"cannot write '{path}'.", "Name a file in a folder that exists and that you may write.");
        }
    }

    private static async Task<ExportCheck> Copy(Session session, Stream body, Action<ReadOnlyMemory<byte>> write, CancellationToken cancel)
    {
        var check = new ExportCheck("the export");
        try
        {
            await foreach (var line in ExportLines.ReadAsync(body, "the export", cancel))
            {
                check.Take(line);
                write(line);
            }
        }
        catch (Exception broken) when (broken is HttpRequestException or HttpIOException)
        {
            throw new Failure(
                ExitCodes.Refused, $"the export broke off after line {check.Lines}: a part of the control plane at {session.Client.Server.AbsoluteUri.TrimEnd('/')} did not answer.",
                "See 'meshctl status' or its log, and export again.");
        }

        check.End();
        return check;
    }

    private static Command Diff(Globals globals)
    {
        var first = new Argument<string>("first") { Description = "An export" };
        var second = new Argument<string>("second") { Description = "Another" };
        var command = new Command("diff", "Compare two exports: exit code 0 when they are equal, 1 when not") { first, second };
        globals.Run(command, async (session, parsed, cancel) =>
        {
            var shown = new List<Difference>();
            long total = 0;
            await foreach (var difference in ExportDiff.CompareAsync(parsed.GetValue(first)!, parsed.GetValue(second)!, cancel))
            {
                total++;
                if (shown.Count < MostShown)
                {
                    shown.Add(difference);
                }
            }

            Write(session, shown, total);
            return total == 0 ? ExitCodes.Ok : ExitCodes.Refused;
        });
        return command;
    }

    private static void Write(Session session, List<Difference> shown, long total)
    {
        if (session.Whole)
        {
            Render.Write(session.Terminal.Out, new JsonObject { ["equal"] = total == 0, ["total"] = total, ["differences"] = new JsonArray([.. shown.Select(Node)]) }, session.Format);
            return;
        }

        if (total == 0)
        {
            session.Say("equal");
            return;
        }

        var table = new Table("TYPE", "NAME", "FIELD", "FIRST", "SECOND");
        foreach (var difference in shown)
        {
            table.Add(difference.Type, difference.Name, difference.Field, difference.First, difference.Second);
        }

        table.WriteTo(session.Terminal);
        if (total > shown.Count)
        {
            session.Notice($"and {Number(total - shown.Count)} more.");
        }
    }

    private static JsonNode Node(Difference difference) => new JsonObject
    {
        ["type"] = difference.Type,
        ["name"] = difference.Name,
        ["field"] = difference.Field,
        ["first"] = difference.First,
        ["second"] = difference.Second,
    };

    private static string Counted(long number, string one, string more) => $"{Number(number)} {(number == 1 ? one : more)}";

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
