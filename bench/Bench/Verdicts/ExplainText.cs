using System.Globalization;
using Mesh.Core.Ledger;

namespace Mesh.Bench.Verdicts;

/// <summary>A ledger entry in words, as <c>meshctl explain</c> gives it.</summary>
internal static class ExplainText
{
    public static string Of(LedgerEntry entry)
    {
        var sources = entry.Evidence is not { Sources.IsDefaultOrEmpty: false } evidence ? ""
            : $"; seen by {string.Join(", ", evidence.Sources.Take(6).Select(source => $"{source.Proxy} {source.Count}"))}{(evidence.Sources.Length > 6 ? $" and {evidence.Sources.Length - 6} more" : "")}";
        var tally = entry.Tally is { } stood ? $"; {stood.Ejected} of {stood.Hosts} were ejected before" : "";
        var words = entry.Evidence is null ? entry.Reason : EvidenceText.Of(entry.Evidence);
        return string.Create(CultureInfo.InvariantCulture, $"{entry.At:HH:mm:ss.fff} {entry.EndpointId} ejected until {entry.Until:HH:mm:ss}: {words}{sources}{tally}");
    }
}
