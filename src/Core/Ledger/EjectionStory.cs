using System.Collections.Immutable;

namespace Mesh.Core.Ledger;

/// <summary>One ejection from its beginning to the end of the proof, put together from a ledger's entries.</summary>
/// <param name="Ejected">How it began.</param>
/// <param name="Ended">
/// How the endpoint came back, or what put an end to it: returned, restored, drained, or ejected once more (prolonged by hand). Null while it
/// lasts, and when the ledger does not say.
/// </param>
/// <param name="Settled">
/// What became of the proof: proven, or ejected again, or whatever else came first. Null while it is under way, and when there was none to give.
/// </param>
public sealed record EjectionStory(LedgerEntry Ejected, LedgerEntry? Ended, LedgerEntry? Settled)
{
    /// <summary>The ejections among one endpoint's entries, the newest first.</summary>
    /// <param name="entries">Of one endpoint, in any order.</param>
    public static ImmutableArray<EjectionStory> Of(IEnumerable<LedgerEntry> entries)
    {
        var deeds = entries.Where(entry => LedgerBook.RingOf(entry.Kind) == LedgerRing.Deeds).OrderBy(entry => entry.Number).ToList();
        var stories = new List<EjectionStory>();
        for (var i = 0; i < deeds.Count; i++)
        {
            if (deeds[i].Kind == LedgerKind.Ejected)
            {
                var ended = i + 1 < deeds.Count ? deeds[i + 1] : null;
                stories.Add(new(deeds[i], ended, ended?.Kind == LedgerKind.Returned && i + 2 < deeds.Count ? deeds[i + 2] : null));
            }
        }

        stories.Reverse();
        return [.. stories];
    }
}
