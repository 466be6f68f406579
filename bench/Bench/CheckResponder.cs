using System.Net;
using System.Net.Sockets;

namespace Mesh.Bench;

/// <summary>All endpoints in one listener: every loopback address reaches it. It reads what comes and says 200, at as little cost as can be.</summary>
internal sealed class CheckResponder : IDisposable
{
    private static readonly byte[] Answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray();

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private long _answered;
    private int _connections;

    public CheckResponder()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Any, 0));
        _listener.Listen(4096);
        _ = Accept();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public long Answered => Interlocked.Read(ref _answered);

    public int Connections => Volatile.Read(ref _connections);

    public void Dispose() => _listener.Dispose();

    private async Task Accept()
    {
        try
        {
            while (true)
            {
                _ = Serve(await _listener.AcceptAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It was disposed.
        }
    }

    private async Task Serve(Socket socket)
    {
        Interlocked.Increment(ref _connections);
        using (socket)
        {
            socket.NoDelay = true;
            var buffer = new byte[1024];
            try
            {
                while (await socket.ReceiveAsync(buffer) > 0)
                {
                    await socket.SendAsync(Answer);
                    Interlocked.Increment(ref _answered);
                }
            }
            catch (SocketException)
            {
                // The control plane went away.
            }
        }
    }
}
