using System.CommandLine;
using System.Globalization;
using Mesh.Api;
using Mesh.Cli.Client;
using Mesh.Cli.Documents;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary><c>meshctl replay</c>: what would this policy have done? Nothing is changed.</summary>
internal static class ReplayCommand
{
    public static Command Create(Globals globals)
    {
        var files = ApplyCommand.FileOption(required: true);
        var since = new Option<string>("--since")
        {
            Description = "How far back, like 30m or 2h",
            HelpName = "time",
            DefaultValueFactory = _ => "1h",
        };
        var command = new Command("replay", "Try a policy on what proxies reported lately: whom it would have ejected, and what that would have saved or cost") { files, since };
        globals.Run(command, async (session, parsed, cancel) =>
        {
            var documents = Sources.Read(parsed.GetValue(files) ?? [], session.Terminal);
            if (documents.Count > 1)
            {
                throw Failure.Usage($"a replay takes one document, and there are {documents.Count}.", "Try them one by one.");
            }

            if (Ages.Parse(parsed.GetValue(since)) is null)
            {
                throw Failure.Usage($"--since '{parsed.GetValue(since)}' is not a length of time.", "Write it like 30m, 1h or 1h30m.");
            }

            ApplyCommand.Place(session, documents[0]);
            var mediaType = documents[0].IsJson ? "application/json" : "application/yaml";
            var answer = await session.Client.PostTextAsync(Paths.Replay(parsed.GetValue(since)!), documents[0].Text, mediaType, cancel);
            if (session.Whole)
            {
                Render.Write(session.Terminal.Out, answer.Body, session.Format);
                return ExitCodes.Ok;
            }

            Write(session, Rows.As(answer.Body!, MeshJson.Default.ReplayView));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static void Write(Session session, ReplayView replay)
    {
        var fields = new Fields();
        fields.Add("Service", replay.Service);
        fields.Add("Candidate", replay.Document);
        fields.Add("In force", replay.InForce.Policy ?? "none; defaults hold");
        fields.Add("Recorded", replay is { From: { } from, To: { } to }
            ? $"{Time(from)} to {Time(to)}, {Number(replay.Requests)} requests to {Number(replay.Endpoints)} endpoints, {Number(replay.Failures)} failed"
            : "nothing");
        fields.WriteTo(session.Terminal);

        session.Terminal.Out.WriteLine();
        var sums = new Table("WOULD HAVE", "CANDIDATE", "IN FORCE");
        sums.Add("ejected", Number(replay.Candidate.Ejections), Number(replay.InForce.Ejections));
        sums.Add("been refused by the budget", Number(replay.Candidate.Refusals), Number(replay.InForce.Refusals));
        sums.Add("been noticed and let go", Number(replay.Candidate.NotEnforced), Number(replay.InForce.NotEnforced));
        sums.Add("saved failures", Number(replay.Candidate.Saved), Number(replay.InForce.Saved));
        sums.Add("displaced successes", Number(replay.Candidate.Displaced), Number(replay.InForce.Displaced));
        sums.Add("moved traffic", Percent(replay.Candidate.Moved), Percent(replay.InForce.Moved));
        sums.WriteTo(session.Terminal);

        var table = new Table("ENDPOINT", "POLICY", "EJECTED", "FOR", "SAVED", "DISPLACED", "DETECTOR", "EVIDENCE");
        var happened = Ejections(replay.Candidate, "candidate").Concat(Ejections(replay.InForce, "in force"))
            .OrderBy(row => row.Endpoint, StringComparer.Ordinal).ThenBy(row => row.Ejection.At);
        foreach (var (endpoint, policy, ejection) in happened)
        {
            table.Add(
                endpoint, policy, Time(ejection.At), ejection.Ended is { } ended ? Ages.Of(ended - ejection.At) : "to the end",
                Number(ejection.Saved), Number(ejection.Displaced), ejection.Evidence?.Detector, ejection.Evidence?.Statement);
        }

        if (table.Count > 0)
        {
            session.Terminal.Out.WriteLine();
            table.WriteTo(session.Terminal);
        }

        session.Terminal.Out.WriteLine();
        foreach (var caveat in replay.Caveats)
        {
            session.Terminal.Out.WriteLine(Ansi.Paint($"- {Plain.Text(caveat)}", Tone.Faint, session.Terminal.Colour));
        }
    }

    private static IEnumerable<(string Endpoint, string Policy, ReplayedEjectionView Ejection)> Ejections(ReplayOutcomeView outcome, string policy) =>
        outcome.Endpoints.SelectMany(endpoint => endpoint.Ejections.Select(ejection => (endpoint.Id, policy, ejection)));

    private static string Time(DateTimeOffset time) => time.ToString("u", CultureInfo.InvariantCulture);

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.##}%");
}
