using System.Collections.Immutable;

namespace Mesh.Core.Outliers;

/// <summary>Who saw what an endpoint is judged by, so that the parts add up to the whole.</summary>
public static class EvidenceSources
{
    /// <summary>The parts by size and then by name, and under no name what they leave of the whole. Empty when nobody is named.</summary>
    /// <param name="whole">How many failures there were.</param>
    /// <param name="parts">Which proxy saw how many; parts that exceed the whole are cut.</param>
    public static ImmutableArray<EvidenceSource> Of(long whole, IEnumerable<EvidenceSource> parts)
    {
        var sources = ImmutableArray.CreateBuilder<EvidenceSource>();
        var left = Math.Max(0, whole);
        foreach (var part in parts.Where(part => part.Proxy.Length > 0).OrderByDescending(part => part.Count).ThenBy(part => part.Proxy, StringComparer.Ordinal))
        {
            var count = Math.Min(left, part.Count);
            if (count > 0)
            {
                sources.Add(part with { Count = count });
                left -= count;
            }
        }

        if (left > 0 && sources.Count > 0)
        {
            sources.Add(new("", left));
        }

        return sources.ToImmutable();
    }

    /// <summary>Who saw the failures of a period.</summary>
    public static ImmutableArray<EvidenceSource> OfFailures(EndpointObservation observation, long whole) =>
        observation.Sources.IsDefaultOrEmpty ? [] : Of(whole, observation.Sources.Select(source => new EvidenceSource(source.Proxy, source.Failed)));

    /// <summary>Who saw the failures of a run.</summary>
    internal static ImmutableArray<EvidenceSource> OfRun(FailureRuns runs, long whole, Func<RunSource, long> part) =>
        runs.Sources.IsEmpty ? [] : Of(whole, runs.Sources.Select(source => new EvidenceSource(source.Proxy, part(source))));
}
