using Mesh.Api;
using Mesh.Core.Ledger;
using Mesh.Core.Outliers;

namespace Mesh.Gateway.Rest.Ledger;

/// <summary>The ledger as the API shows it.</summary>
internal static class LedgerViews
{
    public static LedgerEntryView Of(LedgerEntry entry) => new()
    {
        Number = entry.Number,
        At = entry.At,
        Endpoint = entry.EndpointId,
        Kind = entry.Kind.ToString(),
        Reason = entry.Reason,
        Evidence = entry.Evidence is { } evidence ? Of(evidence) : null,
        Policy = entry.Policy,
        Budget = entry.Tally is { } tally ? new(tally.Hosts, tally.Ejected) : null,
        Until = entry.Until,
        WeightBefore = entry.WeightBefore / 100.0,
        WeightAfter = entry.WeightAfter / 100.0,
    };

    public static EvidenceView Of(OutlierEvidence evidence) => new()
    {
        Detector = evidence.Detector.ToString(),
        Statement = EvidenceText.Of(evidence),
        Count = evidence.Count,
        Threshold = evidence.Threshold,
        Requests = evidence.Requests,
        Observed = evidence.Observed,
        Limit = evidence.Limit,
        Peers = evidence.Peers,
        Hosts = evidence.Hosts,
        Since = evidence.Since,
        Sources = evidence.Sources.IsDefaultOrEmpty ? [] : [.. evidence.Sources.Select(static source => new EvidenceSourceView(source.Proxy, source.Count))],
        SourcesTotal = evidence.Sources.IsDefaultOrEmpty ? null : evidence.Sources.Sum(static source => source.Count),
        Note = evidence.Note,
    };
}
