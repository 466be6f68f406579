using System.Collections.Immutable;

namespace Mesh.Core.Outliers;

/// <summary>What the proxies behind one gateway saw of one endpoint since the gateway's last report. Counts are deltas.</summary>
public sealed record EndpointObservation
{
    /// <summary>Whose.</summary>
    public required string EndpointId { get; init; }

    /// <summary>Requests that ended well.</summary>
    public long Succeeded { get; init; }

    /// <summary>Requests that ended badly, in any way: 5xx answers and local-origin failures.</summary>
    public long Failed { get; init; }

    /// <summary>Of <see cref="Failed"/>: answers 502, 503 and 504.</summary>
    public long GatewayFailed { get; init; }

    /// <summary>Of <see cref="Failed"/>: no answer came: connect failures, resets, time-outs.</summary>
    public long LocalOriginFailed { get; init; }

    /// <summary>
    /// How many failures in a row ended the period without a success after them. Null when the reporter cannot tell the order, as in a
    /// plain load report: then only a period without any success counts as a run.
    /// </summary>
    public long? TrailingFailures { get; init; }

    /// <summary>The same for 502, 503 and 504.</summary>
    public long? TrailingGatewayFailures { get; init; }

    /// <summary>The same for local-origin failures.</summary>
    public long? TrailingLocalOriginFailures { get; init; }
}

/// <summary>One call's worth of observations of one service.</summary>
public sealed record ServiceReport
{
    /// <summary>Of which service.</summary>
    public required ServiceId Service { get; init; }

    /// <summary>Which gateway says so.</summary>
    public required string Reporter { get; init; }

    /// <summary>At most one for each endpoint.</summary>
    public required ImmutableArray<EndpointObservation> Observations { get; init; }
}
