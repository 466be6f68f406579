using Mesh.Core.Ledger;
using Mesh.Core.Outliers;

namespace Mesh.Core.Verdicts;

/// <summary>
/// What was last said of an endpoint without its being acted on, so that the ledger gets one entry for as long as it goes on, and not one for each report.
/// A streak is over when nothing of the kind was said for two intervals.
/// </summary>
internal sealed class Streaks
{
    private readonly Dictionary<(LedgerKind, OutlierDetector?), DateTimeOffset> _last = [];
    private readonly Dictionary<OutlierDetector, long> _rolled = [];

    /// <summary>Notes that it was said once more; true when that begins a streak.</summary>
    public bool Begins(LedgerKind kind, OutlierDetector? detector, DateTimeOffset now, TimeSpan interval)
    {
        var key = (kind, detector);
        var begins = !_last.TryGetValue(key, out var last) || now - last > interval * 2;
        _last[key] = now;
        return begins;
    }

    /// <summary>
    /// Whether a run was let go already. As in Envoy, which counts anew after it has let one go, the dice are thrown again when it is longer by a whole threshold.
    /// </summary>
    public bool WasLetGo(OutlierEvidence evidence) =>
        _rolled.TryGetValue(evidence.Detector, out var count) && evidence.Count >= count && evidence.Count - count < evidence.Threshold;

    /// <summary>A success: what comes now is another run.</summary>
    public void RunsEnded() => _rolled.Clear();

    /// <summary>Notes that a run was let go.</summary>
    public void LetGo(OutlierEvidence evidence) => _rolled[evidence.Detector] = evidence.Count;
}
