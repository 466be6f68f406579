using System.Net.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Mesh.Proxy.Forwarding;

/// <summary>Reads YARP's errors as ends of tries.</summary>
internal static class ForwarderErrors
{
    private const long RefusedStream = 7;

    /// <summary>How a try ended.</summary>
    /// <param name="error">What the forwarder returned.</param>
    /// <param name="context">The request.</param>
    /// <param name="head">The answer's head with the status of its trailers; null when none came.</param>
    public static TryEnd EndOf(ForwarderError error, HttpContext context, TryEnd? head)
    {
        if (error == ForwarderError.None)
        {
            return head ?? new(TryKind.ClientGone);
        }

        if (context.RequestAborted.IsCancellationRequested)
        {
            return new(TryKind.ClientGone);
        }

        return error switch
        {
            ForwarderError.Request => new(Kind(context.Features.Get<IForwarderErrorFeature>()?.Exception)),
            ForwarderError.RequestTimedOut
                or ForwarderError.RequestCanceled
                or ForwarderError.RequestBodyCanceled
                or ForwarderError.ResponseBodyCanceled => new(TryKind.Timeout),
            ForwarderError.RequestBodyDestination
                or ForwarderError.ResponseHeaders
                or ForwarderError.ResponseBodyDestination => new(TryKind.Reset),
            ForwarderError.UpgradeActivityTimeout
                or ForwarderError.UpgradeRequestDestination
                or ForwarderError.UpgradeResponseDestination => head ?? new(TryKind.Reset),
            _ => new(TryKind.ClientGone),
        };
    }

    private static TryKind Kind(Exception? exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case HttpProtocolException { ErrorCode: RefusedStream }:
                    return TryKind.RefusedStream;
                case HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError }:
                    return TryKind.ConnectFailure;
            }
        }

        return TryKind.Reset;
    }
}
