using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Mesh.Tls;

/// <summary>
/// How a client connects to a server with TLS: whom it believes, and what it shows. Files are looked at before each handshake, so that a new certificate
/// serves from the next connection on.
/// <para>
/// It makes the handshake itself instead of filling in <see cref="SocketsHttpHandler.SslOptions"/>: those are copied once, and the callback that could choose a
/// certificate later cannot send the certificates between it and its root.
/// </para>
/// </summary>
public sealed class ClientTls
{
    private readonly Reloading<TrustedRoots>? _roots;
    private readonly Reloading<KeyPair>? _pair;

    private ClientTls(Reloading<TrustedRoots>? roots, Reloading<KeyPair>? pair) => (_roots, _pair) = (roots, pair);

    /// <summary>Reads the files.</summary>
    /// <param name="ca">Whom to believe; null for the system's authorities.</param>
    /// <param name="certificate">What to show; null for nothing.</param>
    /// <param name="key">The certificate's key; there must be both or none.</param>
    /// <param name="time">The clock that certificates are valid by.</param>
    /// <exception cref="TlsFileException">A file is wrong, or lacks its other half.</exception>
    public static ClientTls Load(PemFile? ca, PemFile? certificate, PemFile? key, TimeProvider time)
    {
        if (certificate is null != key is null)
        {
            var (given, missing) = certificate is null ? (key!.Option, "--cert") : (certificate.Option, "--key");
            throw new TlsFileException($"{given} is of no use without {missing}. Give both.");
        }

        return new ClientTls(
            ca is null ? null : new([ca], () => TrustedRoots.Load(ca, time.GetUtcNow())),
            certificate is null ? null : new([certificate, key!], () => KeyPair.Load(certificate, key!, time.GetUtcNow())));
    }

    /// <summary>Lets a handler make its connections so.</summary>
    /// <param name="handler">It must not be in use.</param>
    /// <param name="protocol">What to agree on: HTTP/2 or HTTP/1.1.</param>
    /// <param name="at">Where the host is, if it has been looked up; its certificate is still held to the host's name.</param>
    public void Apply(SocketsHttpHandler handler, SslApplicationProtocol protocol, IPAddress? at = null) => handler.ConnectCallback = async (context, cancellationToken) =>
    {
        var socket = at is null
            ? new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(at is null ? context.DnsEndPoint : new IPEndPoint(at, context.DnsEndPoint.Port), cancellationToken);
            var secure = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await secure.AuthenticateAsClientAsync(Options(context.DnsEndPoint.Host, protocol), cancellationToken);
            // A handler that is given a stream with TLS does not wrap it in another one.
            return secure;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    };

    private SslClientAuthenticationOptions Options(string host, SslApplicationProtocol protocol)
    {
        _roots?.Look();
        _pair?.Look();
        return new SslClientAuthenticationOptions
        {
            TargetHost = host,
            ApplicationProtocols = [protocol],
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateChainPolicy = _roots?.Current.Policy(ofClients: false),
            ClientCertificateContext = _pair?.Current.Context,
        };
    }
}
