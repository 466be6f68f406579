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

/// <summary>An answer's class; a gRPC status counts as the HTTP status that it is mapped to.</summary>
public enum AnswerClass
{
    /// <summary>There was no answer.</summary>
    None,

    /// <summary>1xx and 2xx.</summary>
    Ok,

    /// <summary>3xx.</summary>
    Redirected,

    /// <summary>4xx.</summary>
    ClientError,

    /// <summary>5xx.</summary>
    ServerError,
}

/// <summary>What is known of one try once its outcome is.</summary>
/// <param name="Result">As health is concerned.</param>
/// <param name="At">When that was, as a timestamp of the proxy's <see cref="TimeProvider"/>.</param>
/// <param name="Answer">Of what class the answer was.</param>
/// <param name="Took">From the try's beginning to the head of the answer; null when none came.</param>
public readonly record struct TryOutcome(TryResult Result, long At, AnswerClass Answer = AnswerClass.None, TimeSpan? Took = null);
