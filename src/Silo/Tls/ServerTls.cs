using System.Net.Security;
using System.Security.Authentication;
using Mesh.Tls;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Mesh.Silo.Tls;

/// <summary>
/// TLS on the two ports. Whoever connects sees the certificate that is on the disk now, and is asked for one of its own where an authority for clients is
/// named; connections that exist go on with what they began with. Without a certificate there is no object of this class, and nothing of TLS is loaded.
/// <para>
/// Everything is read before anything is started, so that a wrong file is one line and an exit code, and not a port that refuses every handshake.
/// </para>
/// </summary>
internal sealed class ServerTls
{
    private ServerTls(Reloading<KeyPair> pair, Reloading<TrustedRoots>? grpcClients, Reloading<TrustedRoots>? restClients, bool grpcOptional) =>
        (Pair, GrpcClients, RestClients, GrpcOptional) = (pair, grpcClients, restClients, grpcOptional);

    /// <summary>What both ports show.</summary>
    public Reloading<KeyPair> Pair { get; }

    /// <summary>Who signs the certificates of gRPC's clients; null when they are not asked for any.</summary>
    public Reloading<TrustedRoots>? GrpcClients { get; }

    /// <summary>Who signs those of REST's clients.</summary>
    public Reloading<TrustedRoots>? RestClients { get; }

    /// <summary>Whether gRPC's clients may come without; one that is shown has to be good all the same.</summary>
    private bool GrpcOptional { get; }

    /// <summary>Reads the files; null when TLS is off.</summary>
    /// <exception cref="UsageException">The options or the files are wrong.</exception>
    public static ServerTls? Load(SiloOptions options, TimeProvider time)
    {
        if (Contradiction(options) is { } contradiction)
        {
            throw new UsageException(contradiction);
        }

        // Apart from Read, so that a start without TLS does not load what TLS needs.
        return options.TlsCert is null ? null : Read(options, time);
    }

    /// <summary>Puts it on a port.</summary>
    public void Secure(ListenOptions port, bool isGrpc) => port.UseHttps(new TlsHandshakeCallbackOptions
    {
        OnConnection = _ => ValueTask.FromResult(isGrpc
            ? Handshake(SslApplicationProtocol.Http2, GrpcClients?.Current, GrpcOptional)
            : Handshake(SslApplicationProtocol.Http11, RestClients?.Current, optional: false)),
    });

    /// <summary>Adds what looks after the files.</summary>
    public void AddTo(WebApplicationBuilder builder)
    {
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Services.AddSingleton(this);
        builder.Services.AddHostedService<TlsKeeper>();
    }

    private static ServerTls Read(SiloOptions options, TimeProvider time)
    {
        var (certificate, key) = (new PemFile("--tls-cert", options.TlsCert!), new PemFile("--tls-key", options.TlsKey!));
        try
        {
            return new ServerTls(
                new([certificate, key], () => KeyPair.Load(certificate, key, time.GetUtcNow())),
                Roots("--grpc-client-ca", options.GrpcClientCa),
                Roots("--rest-client-ca", options.RestClientCa),
                options.GrpcClientCert == ClientCertificates.Request);
        }
        catch (TlsFileException wrong)
        {
            throw new UsageException(wrong.Message);
        }

        Reloading<TrustedRoots>? Roots(string option, string? path) =>
            PemFile.At(option, path) is { } file ? new([file], () => TrustedRoots.Load(file, time.GetUtcNow())) : null;
    }

    private SslServerAuthenticationOptions Handshake(SslApplicationProtocol protocol, TrustedRoots? clients, bool optional) => new()
    {
        ServerCertificateContext = Pair.Current.Context,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ApplicationProtocols = [protocol],
        AllowRenegotiation = false,
        ClientCertificateRequired = clients is not null,
        CertificateChainPolicy = clients?.Policy(ofClients: true),
        RemoteCertificateValidationCallback = clients is not null && optional
            ? static (_, certificate, _, errors) => certificate is null || errors == SslPolicyErrors.None
            : null,
    };

    private static string? Contradiction(SiloOptions options) => options switch
    {
        { TlsCert: not null, TlsKey: null } => "--tls-cert is of no use without --tls-key. Give both.",
        { TlsCert: null, TlsKey: not null } => "--tls-key is of no use without --tls-cert. Give both.",
        { TlsCert: null, GrpcClientCa: not null } => "--grpc-client-ca needs TLS. Give --tls-cert and --tls-key too.",
        { TlsCert: null, RestClientCa: not null } => "--rest-client-ca needs TLS. Give --tls-cert and --tls-key too.",
        { GrpcClientCa: null, GrpcClientCert: ClientCertificates.Request } => "--grpc-client-cert says nothing without --grpc-client-ca. Name the authority that signs them.",
        _ => null,
    };
}
