#if CLUSTER
using System.Net;
using System.Net.Sockets;

namespace Mesh.Silo.Cluster;

/// <summary>Whether somebody listens at an address: a connection that is closed again. It knows no protocol, so it is asked only where nothing better is at hand.</summary>
internal static class Reach
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Whether one of them can be connected to.</summary>
    public static async Task<bool> Any(IEnumerable<IPEndPoint> addresses, CancellationToken cancel)
    {
        var answers = await Task.WhenAll(addresses.Select(address => One(address, cancel)));
        return answers.Contains(true);
    }

    private static async Task<bool> One(IPEndPoint address, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(address, limit.Token);
            return true;
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            return false;
        }
    }
}
#endif
