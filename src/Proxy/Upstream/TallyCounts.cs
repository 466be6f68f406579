using Mesh.Core.Outliers;

namespace Mesh.Proxy.Upstream;

/// <summary>
/// What was seen of one endpoint in one period. The trailing numbers are runs that end the period. Times are timestamps of the proxy's
/// clock and no ages, so that a period which waits for a control plane does not grow stale.
/// </summary>
public readonly record struct TallyCounts
{
    /// <summary>Tries that began.</summary>
    public long Issued { get; init; }

    /// <summary>Tries that ended well.</summary>
    public long Succeeded { get; init; }

    /// <summary>Tries that ended badly.</summary>
    public long Failed { get; init; }

    /// <summary>Of <see cref="Failed"/>: 502, 503 and 504.</summary>
    public long GatewayFailed { get; init; }

    /// <summary>Of <see cref="Failed"/>: without an answer.</summary>
    public long LocalOriginFailed { get; init; }

    /// <summary>Failures since the last success.</summary>
    public long TrailingFailures { get; init; }

    /// <summary>Gateway failures since anything else that was answered.</summary>
    public long TrailingGatewayFailures { get; init; }

    /// <summary>Failures without an answer since the last answer.</summary>
    public long TrailingLocalOriginFailures { get; init; }

    /// <summary>Answers by class.</summary>
    public StatusClasses Statuses { get; init; }

    /// <summary>When the last success ended; null without one.</summary>
    public long? LastSuccess { get; init; }

    /// <summary>When the first of <see cref="TrailingFailures"/> ended; null without one.</summary>
    public long? RunBegan { get; init; }

    /// <summary>Tries under way, integrated over the period, in the clock's ticks.</summary>
    public long InFlightTicks { get; init; }

    /// <summary>Nothing was seen.</summary>
    public bool IsEmpty => Issued == 0 && Succeeded == 0 && Failed == 0 && InFlightTicks == 0;

    /// <summary>This period with one more try at its end.</summary>
    public TallyCounts With(TryOutcome one) => one.Result switch
    {
        TryResult.Success => (this with
        {
            Succeeded = Succeeded + 1,
            TrailingFailures = 0,
            TrailingGatewayFailures = 0,
            TrailingLocalOriginFailures = 0,
            LastSuccess = one.At,
            RunBegan = null,
        }).Answered(one.Answer),
        TryResult.ServerError => Failing(one) with { TrailingGatewayFailures = 0, TrailingLocalOriginFailures = 0 },
        TryResult.GatewayError => Failing(one) with
        {
            GatewayFailed = GatewayFailed + 1,
            TrailingGatewayFailures = TrailingGatewayFailures + 1,
            TrailingLocalOriginFailures = 0,
        },
        TryResult.LocalOrigin => Failing(one) with
        {
            LocalOriginFailed = LocalOriginFailed + 1,
            TrailingLocalOriginFailures = TrailingLocalOriginFailures + 1,
        },
        _ => this,
    };

    /// <summary>This period and the one after it as one; a run goes on unless the later period holds its end.</summary>
    public TallyCounts Then(TallyCounts later) => new()
    {
        Issued = Issued + later.Issued,
        Succeeded = Succeeded + later.Succeeded,
        Failed = Failed + later.Failed,
        GatewayFailed = GatewayFailed + later.GatewayFailed,
        LocalOriginFailed = LocalOriginFailed + later.LocalOriginFailed,
        TrailingFailures = later.Succeeded > 0 ? later.TrailingFailures : TrailingFailures + later.TrailingFailures,
        TrailingGatewayFailures = later.EndsGatewayRun ? later.TrailingGatewayFailures : TrailingGatewayFailures + later.TrailingGatewayFailures,
        TrailingLocalOriginFailures =
            later.EndsLocalRun ? later.TrailingLocalOriginFailures : TrailingLocalOriginFailures + later.TrailingLocalOriginFailures,
        Statuses = new(
            Statuses.Ok + later.Statuses.Ok,
            Statuses.Redirected + later.Statuses.Redirected,
            Statuses.ClientErrors + later.Statuses.ClientErrors,
            Statuses.ServerErrors + later.Statuses.ServerErrors),
        LastSuccess = later.LastSuccess ?? LastSuccess,
        RunBegan = later.Succeeded > 0 ? later.RunBegan : RunBegan ?? later.RunBegan,
        InFlightTicks = InFlightTicks + later.InFlightTicks,
    };

    /// <summary>A success or a plain 5xx; a try without an answer neither lengthens nor ends a run of gateway failures.</summary>
    private bool EndsGatewayRun => Succeeded > 0 || Failed > GatewayFailed + LocalOriginFailed;

    /// <summary>Any answer.</summary>
    private bool EndsLocalRun => Succeeded > 0 || Failed > LocalOriginFailed;

    private TallyCounts Failing(TryOutcome one) => (this with
    {
        Failed = Failed + 1,
        TrailingFailures = TrailingFailures + 1,
        RunBegan = RunBegan ?? one.At,
    }).Answered(one.Answer);

    private TallyCounts Answered(AnswerClass answer) => answer switch
    {
        AnswerClass.Ok => this with { Statuses = Statuses with { Ok = Statuses.Ok + 1 } },
        AnswerClass.Redirected => this with { Statuses = Statuses with { Redirected = Statuses.Redirected + 1 } },
        AnswerClass.ClientError => this with { Statuses = Statuses with { ClientErrors = Statuses.ClientErrors + 1 } },
        AnswerClass.ServerError => this with { Statuses = Statuses with { ServerErrors = Statuses.ServerErrors + 1 } },
        _ => this,
    };
}
