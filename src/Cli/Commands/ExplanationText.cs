using System.Globalization;
using Mesh.Api;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary>An explanation as people read it: the service in a few lines, then each endpoint, then each of its ejections.</summary>
internal static class ExplanationText
{
    public static void Write(Session session, ExplanationView explanation, bool whole)
    {
        WriteService(session, explanation, whole);
        foreach (var endpoint in explanation.Endpoints)
        {
            session.Terminal.Out.WriteLine();
            WriteEndpoint(session, endpoint);
        }
    }

    private static void WriteService(Session session, ExplanationView explanation, bool whole)
    {
        var budget = explanation.Budget;
        var fields = new Fields();
        fields.Add("Service", explanation.Service);
        fields.Add("Policy", explanation.Policy ?? "none; defaults hold");
        fields.Add("Budget", $"{budget.Ejected} of {budget.Hosts} ejected, at most {explanation.MaxEjectionPercent}% may be");
        fields.Add("Ledger", explanation.LedgerSince is { } since ? $"since {Time(since)}, {Ages.Since(since, session.Now)} ago" : "empty");
        if (whole)
        {
            fields.AddIfAny("Quiet", explanation.Quiet > 0 ? $"{explanation.Quiet} healthy without a history, not listed" : null);
            fields.AddIfAny("Left out", explanation.LeftOut > 0 ? $"{explanation.LeftOut} more; name one to see it" : null);
        }

        fields.WriteTo(session.Terminal);
    }

    private static void WriteEndpoint(Session session, EndpointExplanation endpoint)
    {
        var status = endpoint.Now?.Status ?? "not registered any more";
        session.Terminal.Out.WriteLine(
            $"{Plain.Text(endpoint.Id)}  {Ansi.Paint(Plain.Text(status), Ansi.OfStatus(status), session.Terminal.Colour)}{(endpoint.Now?.Reason is { } reason ? $"  {Plain.Text(reason)}" : "")}");
        if (endpoint.Now is { } now)
        {
            var fields = new Fields();
            fields.Add("Address", Rows.Address(now));
            if (now.EjectedUntil is { } until)
            {
                fields.Add("Ejected until", $"{Time(until)} ({Ages.Until(until, session.Now)})");
            }

            fields.AddIfAny("Weight", endpoint.Weight is { } weight ? Weight(weight) : null);
            fields.AddIfAny("Run under way", endpoint.ConsecutiveFailures > 0 ? $"{Number(endpoint.ConsecutiveFailures)} failures in a row, over the whole mesh" : null);
            fields.AddIfAny("Checks", endpoint.Check);
            fields.AddIfAny("Ejections in a row", now.EjectionMultiplier > 0 ? Number(now.EjectionMultiplier) : null);
            fields.WriteTo(session.Terminal, "  ");
        }

        foreach (var ejection in endpoint.Ejections)
        {
            session.Terminal.Out.WriteLine();
            WriteEjection(session, ejection, endpoint.Now?.Status == "Ejected" && ejection.Ended is null);
        }

        if (endpoint.Notes.Count > 0)
        {
            session.Terminal.Out.WriteLine("\n  Also");
            var table = new Table("AGO", "WHAT", "WHY");
            foreach (var note in endpoint.Notes)
            {
                table.Add(Ages.Since(note.At, session.Now), note.Kind, Note(note));
            }

            table.WriteTo(session.Terminal, "    ");
        }
    }

    private static void WriteEjection(Session session, EjectionExplanation ejection, bool lasts)
    {
        var ejected = ejection.Ejected;
        var heading = $"Ejected {Ages.Since(ejected.At, session.Now)} ago, {Time(ejected.At)} (entry {Number(ejected.Number)})";
        session.Terminal.Out.WriteLine($"  {Ansi.Paint(heading, lasts ? Tone.Bad : Tone.Plain, session.Terminal.Colour)}");
        var fields = new Fields();
        if (ejected.Evidence is { } evidence)
        {
            fields.Add("Detector", evidence.Detector);
            fields.Add("Evidence", evidence.Statement);
            fields.AddIfAny("Counted from", evidence.Since is { } since ? $"{Time(since)}, for {Ages.Of(ejected.At - since)}" : null);
            fields.Add("Seen by", Sources(evidence));
        }
        else
        {
            fields.Add("Reason", ejected.Reason);
        }

        fields.Add("Policy", ejected.Policy ?? "none; defaults held");
        fields.AddIfAny("Budget", ejected.Budget is { } budget ? $"{budget.Ejected} of {budget.Hosts} were ejected before it" : null);
        fields.Add("Until", ejected.Until is { } until ? Time(until) : "its checks pass");
        fields.Add("Came back", Return(ejection, lasts));
        fields.WriteTo(session.Terminal, "    ");
    }

    private static Cell Sources(EvidenceView evidence)
    {
        if (evidence.SourcesTotal is not { } total)
        {
            return evidence.Detector == "ActiveHealthCheck" ? "the control plane itself" : "proxies that do not say who they are";
        }

        var named = string.Join(", ", evidence.Sources.Select(source => $"{(source.Proxy.Length == 0 ? "others" : source.Proxy)} {Number(source.Count)}"));
        return total == evidence.Count
            ? new Cell($"{named} = {Number(total)}, which is all of them")
            : new Cell($"{named} = {Number(total)}, which does NOT add up to {Number(evidence.Count)}", Tone.Bad);
    }

    private static string Return(EjectionExplanation ejection, bool lasts)
    {
        if (ejection.Ended is not { } ended)
        {
            return lasts ? "not yet" : "the ledger does not say";
        }

        var after = $"after {Ages.Of(ended.At - ejection.Ejected.At)}";
        var how = ended.Kind switch
        {
            "Returned" => $"{after}: {ended.Reason}",
            "Restored" => $"{after}, put back by hand: {ended.Reason}",
            "Drained" => $"{after} it was drained",
            "Ejected" => $"{after} it was ejected once more",
            _ => $"{after}: {ended.Kind}, {ended.Reason}",
        };
        return ejection.Settled switch
        {
            null => how,
            { Kind: "Proven" } proven => $"{how}; proven {Ages.Of(proven.At - ended.At)} later",
            { Kind: "Ejected" } again => $"{how}; failed its proof {Ages.Of(again.At - ended.At)} later",
            { } other => $"{how}; {other.Kind} {Ages.Of(other.At - ended.At)} later",
        };
    }

    private static string Weight(WeightExplanation weight) => weight.Factors.Count == 0
        ? $"{Number(weight.Configured)}, as configured"
        : $"{Number(weight.Effective)} = {Number(weight.Configured)} configured{string.Concat(weight.Factors.Select(factor => $" x {Number(factor.Factor)} {factor.Name} ({factor.Reason})"))}";

    private static string Note(LedgerEntryView note) =>
        note is { WeightBefore: { } before, WeightAfter: { } after } ? $"{Number(before)} -> {Number(after)}: {note.Reason}"
        : note.Evidence is { } evidence ? $"{evidence.Statement}; {note.Reason}"
        : note.Reason;

    private static string Time(DateTimeOffset time) => time.ToString("u", CultureInfo.InvariantCulture);

    private static string Number(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);
}
