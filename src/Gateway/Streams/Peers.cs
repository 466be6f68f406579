using Grpc.Core;
using Mesh.Gateway.View;

namespace Mesh.Gateway.Streams;

/// <summary>Where clients are, and what they are told when they send what cannot be read.</summary>
internal static class Peers
{
    /// <summary><c>address:port</c> of gRPC's <c>ipv4:address:port</c>.</summary>
    public static string Address(string peer) =>
        peer.StartsWith("ipv4:", StringComparison.Ordinal) || peer.StartsWith("ipv6:", StringComparison.Ordinal) ? peer[5..] : peer;

    /// <summary>Waits for a stream's first message; false when the client ended it without one. Who says nothing for too long is sent away.</summary>
    public static async Task<bool> First<T>(
        IAsyncStreamReader<T> requests, StreamOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return await requests.MoveNext(cancellationToken).WaitAsync(options.FirstRequestTimeout, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw Close("silent", StatusCode.DeadlineExceeded, $"No request came within {options.FirstRequestTimeout.TotalSeconds:0} s.");
        }
    }

    /// <summary>What clients are told when this gateway leaves.</summary>
    public const string Leaving = "draining: this gateway is leaving. Go on at another one.";

    /// <summary>Ends or refuses a stream because this gateway leaves.</summary>
    public static RpcException Draining(string reason) => Close(reason, StatusCode.Unavailable, Leaving);

    /// <summary>What ends a stream that we close, counted by the reason.</summary>
    public static RpcException Close(string reason, StatusCode code, string detail)
    {
        StreamMetrics.ClosedFor(reason);
        return new StreamClosed(new Status(code, detail));
    }

    /// <summary>Whether a stream failed because gRPC refused to read a message of that length.</summary>
    public static bool IsTooLong(RpcException error) => error is not StreamClosed && error.StatusCode == StatusCode.ResourceExhausted;

    /// <summary>Ends the stream of one who sent such a message.</summary>
    public static RpcException TooLong(StreamOptions options) => Close(
        "message",
        StatusCode.ResourceExhausted,
        $"A message is longer than {options.MaxMessageBytes} bytes (--max-message-size of the gateway): ask for fewer resources at once, or raise the limit.");

    /// <summary>Ends the stream of one who sent bytes that are not the message they should be.</summary>
    public static RpcException Unreadable(string message) =>
        Close("unreadable", StatusCode.InvalidArgument, $"A message could not be read as {message}; check the client's protocol version.");

    /// <summary>Sends a client to another gateway, because this one may be behind.</summary>
    public static RpcException OutOfTouch() => Close("stale", StatusCode.Unavailable, MeshViews.OutOfTouch);

    /// <summary>Said by us, on purpose, and counted.</summary>
    private sealed class StreamClosed(Status status) : RpcException(status);
}
