using Grpc.Core;

namespace Mesh.Gateway.Streams;

/// <summary>Who opened a stream, as far as the connection tells.</summary>
/// <param name="Address">Its address and port.</param>
/// <param name="Host">Its address.</param>
/// <param name="Identity">What its certificate says that it is; null without one.</param>
internal sealed record Caller(string Address, string Host, string? Identity)
{
    /// <summary>
    /// Whose places a stream takes. A certificate says more than an address, which machines behind one gateway share and one machine may change.
    /// </summary>
    public string CountedAs => Identity ?? Host;

    /// <summary>The other side of a call.</summary>
    public static Caller Of(ServerCallContext context)
    {
        var connection = context.GetHttpContext().Connection;
        return new Caller(
            Peers.Address(context.Peer),
            connection.RemoteIpAddress?.ToString() ?? "unknown",
            connection.ClientCertificate is { } certificate ? ClientIdentity.Of(certificate) : null);
    }
}
