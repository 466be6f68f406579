using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Envoy.Service.Discovery.V3;
using Envoy.Service.LoadStats.V3;
using Grpc.Net.Client;
using Mesh.Proxy.Options;
using Mesh.Tls;

namespace Mesh.Proxy.Gateways;

/// <summary>
/// A connection to one gateway, for as long as this proxy stays there: discovery and reports go over the same one, so that both notice its end. It is never used again after
/// that, so no pool gives out one that is dead. It closes when the last who shares it lets go.
/// </summary>
public sealed class GatewayConnection : IDisposable
{
    private readonly GrpcChannel _channel;
    private int _users = 1;

    private GatewayConnection(Gateway gateway, GrpcChannel channel)
    {
        (Gateway, _channel) = (gateway, channel);
        Discovery = new(channel);
        Reports = new(channel);
    }

    /// <summary>Where it leads.</summary>
    public Gateway Gateway { get; }

    /// <summary>ADS.</summary>
    public AggregatedDiscoveryService.AggregatedDiscoveryServiceClient Discovery { get; }

    /// <summary>LRS.</summary>
    public LoadReportingService.LoadReportingServiceClient Reports { get; }

    /// <summary>Prepares a connection; it is made with the first stream.</summary>
    public static GatewayConnection To(Gateway gateway, ProxyOptions options, ClientTls? tls) =>
        new(gateway, GrpcChannel.ForAddress(gateway.Address, new GrpcChannelOptions
        {
            // A service of 10,000 endpoints is about 1 MB.
            MaxReceiveMessageSize = 32 * 1024 * 1024,
            DisposeHttpClient = true,
            HttpHandler = Handler(gateway, options, tls),
        }));

    /// <summary>One more uses it; false when it is closed already.</summary>
    public bool TryShare()
    {
        while (Volatile.Read(ref _users) is > 0 and var users)
        {
            if (Interlocked.CompareExchange(ref _users, users + 1, users) == users)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>One less uses it.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            _channel.Dispose();
        }
    }

    private static SocketsHttpHandler Handler(Gateway gateway, ProxyOptions options, ClientTls? tls)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromSeconds(3),

            // A gateway that stopped without a word (frozen, or cut off) answers no PING. The handler looks once a second, so it is noticed between the two together and
            // about a second later. Shorter times would take a busy machine for a dead one, and its clients' moving would make it busier.
            KeepAlivePingDelay = AtLeastASecond(options.Keepalive / 3),
            KeepAlivePingTimeout = AtLeastASecond(options.Keepalive / 2),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
            ActivityHeadersPropagator = null,
        };
        if (tls is not null)
        {
            tls.Apply(handler, SslApplicationProtocol.Http2, gateway.At);
        }
        else if (gateway.At is { } at)
        {
            handler.ConnectCallback = (context, stop) => Connect(new IPEndPoint(at, context.DnsEndPoint.Port), stop);
        }

        return handler;
    }

    private static TimeSpan AtLeastASecond(TimeSpan time) => time > TimeSpan.FromSeconds(1) ? time : TimeSpan.FromSeconds(1);

    private static async ValueTask<Stream> Connect(IPEndPoint place, CancellationToken stop)
    {
        var socket = new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(place, stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
