using System.CommandLine;
using System.Globalization;
using System.Text;
using Mesh.Api;
using Mesh.Cli.Client;
using Mesh.Cli.Moving;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary>
/// <c>meshctl import</c>: first the file is checked here, then the server reads it to its end and writes nothing, and only when nothing speaks against it is it written. An
/// import that is cut short all the same is completed by running it again.
/// </summary>
internal static class ImportCommand
{
    private const int MostShown = 20;
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(2);

    public static Command Create(Globals globals)
    {
        var file = new Option<string>("--filename", "-f") { Description = "What 'meshctl export' wrote, or - for standard input", HelpName = "file", Required = true };
        var dryRun = new Option<bool>("--dry-run") { Description = "Let the server check it; change nothing" };
        var onConflict = new Option<string>("--on-conflict")
        {
            Description = "What becomes of what is there already and differs: fail leaves it and imports nothing, skip leaves it, replace takes what is imported",
            HelpName = "fail|skip|replace",
            DefaultValueFactory = _ => "fail",
        };
        onConflict.AcceptOnlyFromAmong("fail", "skip", "replace");
        var command = new Command("import", "Take what 'meshctl export' wrote into this mesh") { file, dryRun, onConflict };
        globals.Run(command, async (session, parsed, cancel) =>
        {
            var path = parsed.GetValue(file)!;
            var spooled = path == "-" ? await Spool(session, cancel) : null;
            try
            {
                return await Import(session, spooled ?? path, parsed.GetValue(onConflict)!, parsed.GetValue(dryRun), cancel);
            }
            finally
            {
                if (spooled is not null)
                {
                    Directory.Delete(Path.GetDirectoryName(spooled)!, recursive: true);
                }
            }
        });
        return command;
    }

    private static async Task<int> Import(Session session, string path, string onConflict, bool dryRun, CancellationToken cancel)
    {
        (await ExportCheck.OfFileAsync(path, cancel)).Dispose();
        var (answer, view) = await Send(session, path, $"v1/import?dryRun=true&onConflict={onConflict}", "checked", cancel);
        if (view.Complete && !dryRun)
        {
            (answer, view) = await Send(session, path, $"v1/import?onConflict={onConflict}", "imported", cancel);
        }

        if (session.Whole)
        {
            Render.Write(session.Terminal.Out, answer.Body, session.Format);
        }
        else
        {
            Write(session, view);
        }

        if (!view.Complete)
        {
            session.Notice(view.DryRun
                ? "nothing was written."
                : "it is not complete; what was written is left alone when it is run again.");
        }

        return view.Complete ? ExitCodes.Ok : ExitCodes.Refused;
    }

    private static async Task<(Answer Answer, ImportView View)> Send(Session session, string path, string target, string done, CancellationToken cancel)
    {
        var told = session.Time.GetTimestamp();
        using var body = new SentFile(path, (sent, all) =>
        {
            if (session.Time.GetElapsedTime(told) >= Between)
            {
                told = session.Time.GetTimestamp();
                session.Notice(string.Create(CultureInfo.InvariantCulture, $"{done} {100.0 * sent / Math.Max(1, all):0} %"));
            }
        });
        var answer = await session.Client.PostLongAsync(target, body, cancel);
        return (answer, Rows.As(answer.Body!, MeshJson.Default.ImportView));
    }

    private static void Write(Session session, ImportView view)
    {
        var table = new Table("TYPE", view.DryRun ? "WOULD WRITE" : "WRITTEN", "EQUAL", "SKIPPED", "REFUSED");
        foreach (var done in view.Done)
        {
            table.Add(done.Type, done.Written, done.Equal, done.Skipped, new Cell($"{done.Refused}", done.Refused > 0 ? Tone.Bad : Tone.Plain));
        }

        table.WriteTo(session.Terminal);
        foreach (var line in view.Lines.Take(MostShown))
        {
            var problems = line.Problems.Select(problem => new ProblemItem(problem.Field, problem.Value, problem.Detail, problem.Remedy)).ToList();
            var what = string.Join(' ', new[] { $"line {line.Line}:", line.Type, line.Name, line.Result == "Skipped" ? "was skipped" : "is refused" }.Where(part => part.Length > 0));
            new Failure(ExitCodes.Refused, what, problems: problems).WriteTo(session.Terminal.Error);
        }

        if (view.LinesTotal > MostShown)
        {
            session.Notice($"and {view.LinesTotal - Math.Min(MostShown, view.Lines.Count)} lines more; -o json shows the first {view.Lines.Count}.");
        }
    }

    /// <summary>Standard input can be read once only, and an import reads its file three times.</summary>
    private static async Task<string> Spool(Session session, CancellationToken cancel)
    {
        // A folder that nobody else may look into.
        var path = Path.Combine(Directory.CreateTempSubdirectory("meshctl-").FullName, "export.jsonl");
        await using var file = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        var buffer = new char[64 * 1024];
        while (await session.Terminal.In.ReadAsync(buffer, cancel) is > 0 and var read)
        {
            await file.WriteAsync(buffer.AsMemory(0, read), cancel);
        }

        return path;
    }
}
