using Mesh.Proxy.Model;
using Mesh.Proxy.Upstream;

namespace Mesh.Proxy.Forwarding;

/// <summary>How one try ended.</summary>
public enum TryKind
{
    /// <summary>An answer came.</summary>
    Answer,

    /// <summary>No connection came up.</summary>
    ConnectFailure,

    /// <summary>The endpoint refused the stream: it did not look at the request.</summary>
    RefusedStream,

    /// <summary>The connection broke.</summary>
    Reset,

    /// <summary>A limit of time was reached.</summary>
    Timeout,

    /// <summary>The client left, or its body could not be read.</summary>
    ClientGone,
}

/// <summary>How one try ended.</summary>
/// <param name="Kind">With an answer, or how without one.</param>
/// <param name="Status">The answer's HTTP status; 0 without one.</param>
/// <param name="GrpcStatus">The answer's gRPC status; -1 when it has none, or none yet.</param>
public readonly record struct TryEnd(TryKind Kind, int Status = 0, int GrpcStatus = -1)
{
    /// <summary>What it says about the endpoint's health. gRPC statuses count as the HTTP statuses that Envoy takes them for.</summary>
    public TryResult Result => Kind switch
    {
        TryKind.ClientGone => TryResult.Ignored,
        not TryKind.Answer => TryResult.LocalOrigin,
        _ when Status is 502 or 503 or 504 => TryResult.GatewayError,
        _ when Status >= 500 => TryResult.ServerError,
        _ => GrpcStatus switch
        {
            4 or 14 => TryResult.GatewayError,
            2 or 12 or 13 or 15 => TryResult.ServerError,
            _ => TryResult.Success,
        },
    };

    /// <summary>The class of the answer; a failure of gRPC's is one of 5xx, whatever HTTP says.</summary>
    public AnswerClass Answer => Kind != TryKind.Answer ? AnswerClass.None : Result switch
    {
        TryResult.ServerError or TryResult.GatewayError => AnswerClass.ServerError,
        _ when GrpcStatus > 0 || Status >= 400 => AnswerClass.ClientError,
        _ when Status >= 300 => AnswerClass.Redirected,
        _ => AnswerClass.Ok,
    };

    /// <summary>Whether the policy asks for another try after this one.</summary>
    public bool Retriable(RetryPolicy policy)
    {
        var on = policy.On;
        if (Kind != TryKind.Answer)
        {
            return Kind != TryKind.ClientGone
                && ((on & (RetryOn.ServerError | RetryOn.GatewayError | RetryOn.Reset)) != 0
                    || (Kind == TryKind.ConnectFailure && on.HasFlag(RetryOn.ConnectFailure))
                    || (Kind == TryKind.RefusedStream && on.HasFlag(RetryOn.RefusedStream)));
        }

        return (on.HasFlag(RetryOn.ServerError) && Status >= 500)
            || (on.HasFlag(RetryOn.GatewayError) && Status is 502 or 503 or 504)
            || (on.HasFlag(RetryOn.Retriable4xx) && Status == 409)
            || (on.HasFlag(RetryOn.StatusCodes) && policy.StatusCodes.Contains(Status))
            || GrpcStatus switch
            {
                1 => on.HasFlag(RetryOn.GrpcCancelled),
                4 => on.HasFlag(RetryOn.GrpcDeadlineExceeded),
                8 => on.HasFlag(RetryOn.GrpcResourceExhausted),
                13 => on.HasFlag(RetryOn.GrpcInternal),
                14 => on.HasFlag(RetryOn.GrpcUnavailable),
                _ => false,
            };
    }
}
