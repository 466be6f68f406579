using System.Collections.Immutable;

namespace Mesh.Core.Outliers;

/// <summary>
/// What the proxies behind one gateway saw of one service since the last flush, added up in the order of arrival. It has no clock and no
/// lock: its owner decides when to flush, and lets one caller in at a time.
/// </summary>
public sealed class ReportAccumulator
{
    private readonly Dictionary<string, EndpointObservation> _observations = new(StringComparer.Ordinal);

    /// <summary>How many endpoints were seen since the last flush.</summary>
    public int Count => _observations.Count;

    /// <summary>Whether a failure is among them, which is a reason to flush at once.</summary>
    public bool HasFailures { get; private set; }

    /// <summary>Adds what one proxy saw of one endpoint. An observation without any count and any request under way is dropped.</summary>
    public void Add(EndpointObservation observation)
    {
        var seen = ObservationCounts.Of(observation);
        if (seen is { Succeeded: 0, Failed: 0 } && !(observation.InFlightSeconds > 0))
        {
            return;
        }

        HasFailures |= seen.Failed > 0;
        _observations[observation.EndpointId] = _observations.TryGetValue(observation.EndpointId, out var earlier)
            ? ObservationMerger.Merge(earlier, observation)
            : observation;
    }

    /// <summary>Takes what there is, ordered by endpoint id (ordinal), and starts anew.</summary>
    public ImmutableArray<EndpointObservation> Flush()
    {
        var flushed = _observations.Values.OrderBy(o => o.EndpointId, StringComparer.Ordinal).ToImmutableArray();
        _observations.Clear();
        HasFailures = false;
        return flushed;
    }
}
