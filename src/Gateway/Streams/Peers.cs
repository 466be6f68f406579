using Grpc.Core;

namespace Mesh.Gateway.Streams;

/// <summary>Where clients are, and what they are told when they send what cannot be read.</summary>
internal static class Peers
{
    /// <summary><c>address:port</c> of gRPC's <c>ipv4:address:port</c>.</summary>
    public static string Address(string peer) =>
        peer.StartsWith("ipv4:", StringComparison.Ordinal) || peer.StartsWith("ipv6:", StringComparison.Ordinal) ? peer[5..] : peer;

    /// <summary>Ends the stream of one who sent bytes that are not the message they should be.</summary>
    public static RpcException Unreadable(string message)
    {
        StreamMetrics.ClosedFor("unreadable");
        return new RpcException(new Status(StatusCode.InvalidArgument, $"A message could not be read as {message}; check the client's protocol version."));
    }
}
