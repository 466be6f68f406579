namespace Mesh.Proxy.Upstream;

/// <summary>How a try ended, as health is concerned.</summary>
public enum TryResult
{
    /// <summary>It says nothing about the endpoint: the client left, or its own body failed.</summary>
    Ignored,

    /// <summary>An answer below 500 (in gRPC: a status that is not the server's fault).</summary>
    Success,

    /// <summary>500 or another 5xx that is none of the gateway's.</summary>
    ServerError,

    /// <summary>502, 503 or 504; in gRPC UNAVAILABLE or DEADLINE_EXCEEDED.</summary>
    GatewayError,

    /// <summary>No answer: no connection, a reset, or a time-out of ours.</summary>
    LocalOrigin,
}

/// <summary>What was seen of one endpoint in one period. The trailing numbers are runs that end the period.</summary>
public readonly record struct TallyCounts(
    long Issued,
    long Succeeded,
    long Failed,
    long GatewayFailed,
    long LocalOriginFailed,
    long TrailingFailures,
    long TrailingGatewayFailures,
    long TrailingLocalOriginFailures)
{
    /// <summary>Nothing was seen.</summary>
    public bool IsEmpty => Issued == 0 && Succeeded == 0 && Failed == 0;

    /// <summary>This period with one more try at its end.</summary>
    public TallyCounts With(TryResult result) => result switch
    {
        TryResult.Success => this with
        {
            Succeeded = Succeeded + 1,
            TrailingFailures = 0,
            TrailingGatewayFailures = 0,
            TrailingLocalOriginFailures = 0,
        },
        TryResult.ServerError => this with
        {
            Failed = Failed + 1,
            TrailingFailures = TrailingFailures + 1,
            TrailingGatewayFailures = 0,
            TrailingLocalOriginFailures = 0,
        },
        TryResult.GatewayError => this with
        {
            Failed = Failed + 1,
            GatewayFailed = GatewayFailed + 1,
            TrailingFailures = TrailingFailures + 1,
            TrailingGatewayFailures = TrailingGatewayFailures + 1,
            TrailingLocalOriginFailures = 0,
        },
        TryResult.LocalOrigin => this with
        {
            Failed = Failed + 1,
            LocalOriginFailed = LocalOriginFailed + 1,
            TrailingFailures = TrailingFailures + 1,
            TrailingLocalOriginFailures = TrailingLocalOriginFailures + 1,
        },
        _ => this,
    };

    /// <summary>This period and the one after it as one; a run goes on unless the later period holds its end.</summary>
    public TallyCounts Then(TallyCounts later) => new(
        Issued + later.Issued,
        Succeeded + later.Succeeded,
        Failed + later.Failed,
        GatewayFailed + later.GatewayFailed,
        LocalOriginFailed + later.LocalOriginFailed,
        later.Succeeded > 0 ? later.TrailingFailures : TrailingFailures + later.TrailingFailures,
        later.EndsGatewayRun ? later.TrailingGatewayFailures : TrailingGatewayFailures + later.TrailingGatewayFailures,
        later.EndsLocalRun ? later.TrailingLocalOriginFailures : TrailingLocalOriginFailures + later.TrailingLocalOriginFailures);

    /// <summary>A success or a plain 5xx; a try without an answer neither lengthens nor ends a run of gateway failures.</summary>
    private bool EndsGatewayRun => Succeeded > 0 || Failed > GatewayFailed + LocalOriginFailed;

    /// <summary>Any answer.</summary>
    private bool EndsLocalRun => Succeeded > 0 || Failed > LocalOriginFailed;
}

/// <summary>
/// The count of one endpoint since it was last drained. A lock and not atomics: the numbers of one report must belong together, since a
/// success that is counted but has not yet ended the run would lie about the order, which is all the report adds to a plain one. The
/// lock is held for a few nanoseconds, and each endpoint has its own.
/// </summary>
public sealed class Tally
{
    private readonly Lock _gate = new();
    private TallyCounts _counts;

    /// <summary>A try begins.</summary>
    public void Issue()
    {
        lock (_gate)
        {
            _counts = _counts with { Issued = _counts.Issued + 1 };
        }
    }

    /// <summary>A try ended.</summary>
    public void Record(TryResult result)
    {
        lock (_gate)
        {
            _counts = _counts.With(result);
        }
    }

    /// <summary>Takes what there is and starts a new period.</summary>
    public TallyCounts Drain()
    {
        lock (_gate)
        {
            var counts = _counts;
            _counts = default;
            return counts;
        }
    }

    /// <summary>Gives back what could not be delivered; it comes before what was counted meanwhile.</summary>
    public void PutBack(TallyCounts undelivered)
    {
        lock (_gate)
        {
            _counts = undelivered.Then(_counts);
        }
    }

    /// <summary>Whether nothing waits to be drained.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _counts.IsEmpty;
            }
        }
    }
}
