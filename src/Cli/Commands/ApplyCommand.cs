using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Mesh.Cli.Documents;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary>
/// <c>meshctl apply</c>: sends each document of a file. Each is on its own: a refused one does not keep the next from being applied, and
/// each is reported; the exit code is that of the first that failed.
/// </summary>
internal static class ApplyCommand
{
    public static Option<string[]> FileOption(bool required) => new("--filename", "-f")
    {
        Description = "A file of YAML (one or many documents) or JSON, a directory of them, or - for standard input",
        HelpName = "file",
        Required = required,
        AllowMultipleArgumentsPerToken = true,
    };

    public static Command Create(Globals globals)
    {
        var files = FileOption(required: true);
        var dryRun = new Option<bool>("--dry-run") { Description = "Let the server check it; change nothing" };
        var ifVersion = new Option<long?>("--if-version")
        {
            Description = "Only if this is still the stored version (for a file with one document)",
            HelpName = "version",
        };
        var command = new Command("apply", "Create or change policies from a file") { files, dryRun, ifVersion };
        globals.Run(command, async (session, parsed, cancel) =>
        {
            var documents = Sources.Read(parsed.GetValue(files) ?? [], session.Terminal);
            if (parsed.GetValue(ifVersion) is not null && documents.Count > 1)
            {
                throw Failure.Usage($"--if-version goes with one document, and there are {documents.Count}.", "Apply them one by one.");
            }

            var query = parsed.GetValue(dryRun) ? "?dryRun=true" : "";
            var ifMatch = parsed.GetValue(ifVersion) is { } version ? string.Create(CultureInfo.InvariantCulture, $"\"{version}\"") : null;
            return await ApplyAll(session, documents, query, ifMatch, cancel);
        });
        return command;
    }

    private static async Task<int> ApplyAll(Session session, IReadOnlyList<PolicyText> documents, string query, string? ifMatch, CancellationToken cancel)
    {
        var exitCode = ExitCodes.Ok;
        var results = new JsonArray();
        foreach (var document in documents)
        {
            var target = Place(session, document);
            try
            {
                var before = query.Length == 0 ? await VersionOf(session, document.Kind, target, cancel) : null;
                var mediaType = document.IsJson ? "application/json" : "application/yaml";
                var answer = await session.Client.PutTextAsync(Paths.Policy(document.Kind, target) + query, document.Text, mediaType, ifMatch, cancel);
                results.Add(answer.Body?.DeepClone());
                if (!session.Whole)
                {
                    session.Say($"{document.Kind} {target} {Done(answer.Status, answer.Body, before, query.Length > 0)}");
                }
            }
            catch (Failure failure) when (failure.ExitCode != ExitCodes.Unreachable)
            {
                exitCode = exitCode == ExitCodes.Ok ? failure.ExitCode : exitCode;
                failure.WriteTo(session.Terminal.Error, $"meshctl: {document.Source}: {document.Kind} {target}: ");
            }
        }

        if (session.Whole)
        {
            Render.Write(session.Terminal.Out, new JsonObject { ["items"] = results }, session.Format);
        }

        return exitCode;
    }

    /// <summary>Where a document belongs: its own namespace, else -n's, else default. One that says otherwise than -n is a mistake.</summary>
    public static Target Place(Session session, PolicyText document) =>
        document.Namespace is { } own && session.Namespace is { } asked && own != asked
            ? throw Failure.Usage($"{document.Source}: the document says namespace {own}, the command line {asked}.", "Leave one of them out; nothing was sent.")
            : new Target(document.Namespace ?? session.Namespace ?? Session.DefaultNamespace, document.Name);

    /// <summary>The stored version, only to tell what the change did; null when there is none.</summary>
    private static async Task<long?> VersionOf(Session session, string kind, Target target, CancellationToken cancel)
    {
        try
        {
            return (long?)(await session.Client.GetAsync(Paths.Policy(kind, target), cancel))?["version"];
        }
        catch (Failure failure) when (failure.ExitCode != ExitCodes.Unreachable)
        {
            return null;
        }
    }

    private static string Done(HttpStatusCode status, JsonNode? body, long? before, bool dryRun)
    {
        var boundTo = (string?)body?["boundTo"];
        var onto = string.IsNullOrEmpty(boundTo) ? "" : $", bound to {boundTo}";
        if (dryRun)
        {
            return $"is valid{onto} (dry run; nothing changed)";
        }

        var after = (long?)body?["version"];
        var version = after is { } number ? string.Create(CultureInfo.InvariantCulture, $" (version {number})") : "";
        var done = status == HttpStatusCode.Created ? "created" : before is not null && before == after ? "unchanged" : "configured";
        return $"{done}{version}{onto}";
    }
}
