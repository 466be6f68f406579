namespace Mesh.Gateway.Streams;

/// <summary>Where clients are.</summary>
internal static class Peers
{
    /// <summary><c>address:port</c> of gRPC's <c>ipv4:address:port</c>.</summary>
    public static string Address(string peer) =>
        peer.StartsWith("ipv4:", StringComparison.Ordinal) || peer.StartsWith("ipv6:", StringComparison.Ordinal) ? peer[5..] : peer;
}
