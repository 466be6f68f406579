using System.Collections.Immutable;
using Mesh.Core.Outliers;

namespace Mesh.Core.Verdicts;

/// <summary>Adds up which proxies saw failures, for at most <see cref="EndpointObservation.MostSources"/> of them.</summary>
internal sealed class SourceCounts
{
    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);

    /// <summary>Takes a period's sources; what they claim beyond its failures is cut.</summary>
    public void Add(ImmutableArray<ReportSource> sources, long failed)
    {
        if (sources.IsDefaultOrEmpty)
        {
            return;
        }

        foreach (var source in sources)
        {
            var count = Math.Clamp(source.Failed, 0, failed);
            failed -= count;
            if (count > 0 && source.Proxy.Length > 0 && (_counts.Count < EndpointObservation.MostSources || _counts.ContainsKey(source.Proxy)))
            {
                _counts[source.Proxy] = Saturating.Add(_counts.GetValueOrDefault(source.Proxy), count);
            }
        }
    }

    public ImmutableArray<EvidenceSource> Of(long whole) =>
        _counts.Count == 0 ? [] : EvidenceSources.Of(whole, _counts.Select(source => new EvidenceSource(source.Key, source.Value)));

    public void Clear() => _counts.Clear();
}
