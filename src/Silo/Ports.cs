using System.Net.Sockets;

namespace Mesh.Silo;

/// <summary>Tells beforehand whether the ports can be listened on.</summary>
internal static class Ports
{
    /// <summary>The exit code and what to tell the person; null when all are free.</summary>
    public static (int Code, string Message)? Trouble(SiloOptions options)
    {
        (string, int)[] ports = options.HasGateway ? [("grpc", options.GrpcPort), ("rest", options.RestPort)] : [("rest", options.RestPort)];
        foreach (var (name, port) in ports)
        {
            using var listener = new TcpListener(options.Bind, port);
            try
            {
                listener.Start();
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                return (3, $"Port {port} of {options.Bind} is in use. Stop what uses it, or choose another with --{name}-port.");
            }
            catch (SocketException refused)
            {
                return (1, $"{options.Bind}:{port} cannot be listened on ({refused.SocketErrorCode}). Choose another address with --bind, or another --{name}-port.");
            }
        }

        return null;
    }
}
