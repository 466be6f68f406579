using System.Net;
using System.Net.Sockets;

namespace Mesh.Grains.Checks;

/// <summary>A connection that comes up passes; it is closed at once.</summary>
internal static class TcpCheck
{
    public static async Task<CheckResult> Run(string address, int port, CancellationToken limit)
    {
        var place = IPAddress.Parse(address);
        using var socket = new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(place, port), limit).ConfigureAwait(false);
        return CheckResult.Pass;
    }
}
