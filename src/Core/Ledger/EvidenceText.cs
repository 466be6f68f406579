using System.Globalization;
using Mesh.Core.Outliers;

namespace Mesh.Core.Ledger;

/// <summary>
/// Evidence in words: what was measured against what was allowed, so that a reader can check the verdict. <see cref="OutlierEvidence.Reason"/>
/// is the short form, for a line in a table.
/// </summary>
public static class EvidenceText
{
    /// <summary>One sentence without a full stop.</summary>
    public static string Of(OutlierEvidence evidence)
    {
        var measured = evidence.Detector switch
        {
            OutlierDetector.Consecutive5xx => Run(evidence, "consecutive 5xx"),
            OutlierDetector.ConsecutiveGatewayFailure => Run(evidence, "consecutive gateway failures (502, 503, 504)"),
            OutlierDetector.ConsecutiveLocalOriginFailure => Run(evidence, "consecutive failures without an answer"),
            OutlierDetector.FailedProbe => $"{Failures(evidence)} while it was to prove itself; {Suffice(evidence.Threshold)}",
            OutlierDetector.ActiveHealthCheck => $"{evidence.Count} active checks failed in a row; {Suffice(evidence.Threshold)}",
            OutlierDetector.Latency => $"a high quantile of its response times was {Seconds(evidence.Observed)}{Against(evidence, Seconds)}",
            OutlierDetector.OneProxy =>
                $"one proxy saw {evidence.Count} of {evidence.Requests} failures, and {Percent(evidence.Peers)} of its peers' failures; perhaps it is the way between the two",
            OutlierDetector.Sequential => $"{Share(evidence)}{Against(evidence, Percent)}; that is more than chance allows",
            _ => $"{Share(evidence)}{Against(evidence, Percent)}",
        };
        return evidence.Note is { Length: > 0 } note ? $"{measured} ({note})" : measured;
    }

    /// <summary>A share from 0 to 1 as percent, with as many digits as it needs; a question mark when it is not known.</summary>
    public static string Percent(double? share) => share is { } known
        ? string.Create(CultureInfo.InvariantCulture, $"{known * 100:0.##} %")
        : "?";

    /// <summary>Seconds, in milliseconds below one; a question mark when they are not known.</summary>
    public static string Seconds(double? seconds) => seconds switch
    {
        null => "?",
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0.#} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.##} s"),
    };

    private static string Run(OutlierEvidence evidence, string what) => $"{evidence.Count} {what}; {Suffice(evidence.Threshold)}";

    private static string Suffice(long threshold) => threshold == 1 ? "1 suffices" : $"{threshold} suffice";

    private static string Failures(OutlierEvidence evidence) => evidence.Count == 1 ? "1 failure" : $"{evidence.Count} failures";

    private static string Share(OutlierEvidence evidence) => $"{evidence.Count} of {evidence.Requests} requests failed ({Percent(evidence.Observed)})";

    private static string Against(OutlierEvidence evidence, Func<double?, string> write)
    {
        var limit = evidence.Limit is null ? "" : $", the limit was {write(evidence.Limit)}";
        return evidence.Peers is null ? limit
            : $"{limit}, its peers had {write(evidence.Peers)}{(evidence.Hosts > 0 ? $" ({evidence.Hosts} endpoints compared)" : "")}";
    }
}
