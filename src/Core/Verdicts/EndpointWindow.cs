using System.Collections.Immutable;
using Mesh.Core.Latency;
using Mesh.Core.Outliers;

namespace Mesh.Core.Verdicts;

/// <summary>What all proxies together saw of one endpoint within an interval: what the interval detectors compare.</summary>
/// <param name="EndpointId">Whose.</param>
/// <param name="Succeeded">Requests that ended well.</param>
/// <param name="Failed">Requests that ended badly, in any way.</param>
/// <param name="LocalOriginFailed">Of these, the ones without an answer.</param>
public sealed record EndpointWindow(string EndpointId, long Succeeded, long Failed, long LocalOriginFailed)
{
    /// <summary>How long the requests took; null when nobody told.</summary>
    public LatencySketch? Latency { get; init; }

    /// <summary>When the interval began; null when nobody can tell.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Who saw the failures; the counts add up to <see cref="Failed"/>, or are empty.</summary>
    public ImmutableArray<EvidenceSource> Sources { get; init; } = [];
}
