using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Mesh.Gateway.Streams;
using Mesh.Gateway.Tests.Rest;
using Mesh.Gateway.Tests.Streams;
using Mesh.Silo;
using Mesh.Silo.Tls;
using Mesh.Tests;
using Mesh.Tls;
using Mesh.Xds;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mesh.Gateway.Tests.Silo;

/// <summary>TLS on both ports of the whole control plane, with real handshakes.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _stranger = new("A stranger's CA");

    public void Dispose()
    {
        _authority.Dispose();
        _stranger.Dispose();
    }

    [Fact]
    public async Task Both_ports_speak_TLS_of_at_least_1_2_and_each_its_own_protocol()
    {
        await using var server = await Start();
        Assert.Equal("https", server.Grpc.Scheme);
        Assert.Equal("https", server.Rest.Scheme);

        var (grpc, version) = await Shake(server.Grpc, SslApplicationProtocol.Http2, SslApplicationProtocol.Http11);
        Assert.Equal(SslApplicationProtocol.Http2, grpc);
        Assert.True(version is SslProtocols.Tls12 or SslProtocols.Tls13, $"{version}");
        Assert.Equal(SslApplicationProtocol.Http11, (await Shake(server.Rest, SslApplicationProtocol.Http2, SslApplicationProtocol.Http11)).Protocol);
        await Assert.ThrowsAnyAsync<Exception>(() => Shake(server.Grpc, SslApplicationProtocol.Http11));
    }

    [Fact]
    public async Task Streams_go_over_TLS()
    {
        await using var server = await Start();
        using var channel = Channel(server, ca: _authority.Root);
        using var client = new TestClient(channel);
        await client.Ask(ResourceType.Cluster);
        Assert.Equal(ResourceType.Cluster.Url(), (await client.Receive()).TypeUrl);
        Assert.Null(Assert.Single(Proxies(server).List()).Identity);
    }

    [Fact]
    public async Task A_server_that_an_unknown_authority_signed_is_not_believed()
    {
        await using var server = await Start();
        using var channel = Channel(server, ca: _stranger.Root);
        using var client = new TestClient(channel);
        var end = await client.End();
        Assert.Equal(StatusCode.Internal, end.StatusCode);
        Assert.Contains("certificate is invalid", end.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_TLS_there_is_none()
    {
        await using var server = new RestServer();
        await server.InitializeAsync();
        Assert.Equal("http", server.Grpc.Scheme);
        Assert.Equal("http", server.Rest.Scheme);
        Assert.Null(server.App.Services.GetService<ServerTls>());
    }

    [Fact]
    public async Task A_client_with_a_certificate_is_served_and_known_by_its_SPIFFE_ID()
    {
        await using var server = await Start(o => o with { GrpcClientCa = _authority.Root });
        using var channel = Channel(server, _authority.Root, _authority.Client(spiffe: "spiffe://mesh.example/ns/default/sa/web"));
        using var client = new TestClient(channel);
        await client.Ask(ResourceType.Cluster);
        await client.Receive();
        Assert.Equal("spiffe://mesh.example/ns/default/sa/web", Assert.Single(Proxies(server).List()).Identity);
    }

    [Fact]
    public async Task A_client_without_a_SPIFFE_ID_is_known_by_its_subject()
    {
        await using var server = await Start(o => o with { GrpcClientCa = _authority.Root });
        using var channel = Channel(server, _authority.Root, _authority.Client("web"));
        using var client = new TestClient(channel);
        await client.Ask(ResourceType.Cluster);
        await client.Receive();
        Assert.Equal("CN=web, O=Mesh", Assert.Single(Proxies(server).List()).Identity);
    }

    [Theory]
    [InlineData("none", ClientCertificates.Require, false)]
    [InlineData("none", ClientCertificates.Request, true)]
    [InlineData("good", ClientCertificates.Request, true)]
    [InlineData("of a stranger", ClientCertificates.Require, false)]
    [InlineData("of a stranger", ClientCertificates.Request, false)]
    [InlineData("that ran out", ClientCertificates.Require, false)]
    [InlineData("of a server", ClientCertificates.Require, false)]
    public async Task Who_may_connect(string certificate, ClientCertificates mode, bool served)
    {
        await using var server = await Start(o => o with { GrpcClientCa = _authority.Root, GrpcClientCert = mode });
        using var handler = Handler(
            _authority.Root,
            certificate switch
            {
                "good" => Pair(_authority.Client()),
                "of a stranger" => Pair(_stranger.Client()),
                // Read as of a time when it was valid.
                "that ran out" => Pair(_authority.Client(until: new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.Zero)), new(2020, 6, 1, 0, 0, 0, TimeSpan.Zero)),
                "of a server" => Pair(_authority.Server("impostor")),
                _ => null,
            });
        using var channel = GrpcChannel.ForAddress(server.Grpc, new GrpcChannelOptions { HttpHandler = handler });
        using var client = new TestClient(channel);
        if (served)
        {
            await client.Ask(ResourceType.Cluster);
            Assert.Equal(ResourceType.Cluster.Url(), (await client.Receive()).TypeUrl);
        }
        else
        {
            var end = await client.End();
            Assert.True(end.StatusCode is StatusCode.Unavailable or StatusCode.Internal, $"{end.Status}");
            Assert.Empty(Proxies(server).List());
        }
    }

    [Fact]
    public async Task Curl_is_served_with_the_authority_and_a_certificate_and_not_without()
    {
        if (!File.Exists("/usr/bin/curl"))
        {
            Assert.True(Environment.GetEnvironmentVariable("CI") is null, "curl is missing; install Debian's package curl.");
            Assert.Skip("curl is not installed (Debian's package curl).");
        }

        await using var server = await Start(o => o with { RestClientCa = _authority.Root });
        var health = $"{server.Rest.AbsoluteUri}healthz";
        var (cert, key) = _authority.Client();
        Assert.Equal((0, "ok\n"), await Curl("--cacert", _authority.Root, "--cert", cert, "--key", key, health));
        Assert.Equal(60, (await Curl("--cert", cert, "--key", key, health)).Code);
        Assert.NotEqual(0, (await Curl("--cacert", _authority.Root, health)).Code);
        Assert.NotEqual(0, (await Curl(health.Replace("https://", "http://", StringComparison.Ordinal))).Code);

        var (_, metrics) = await Curl("--cacert", _authority.Root, "--cert", cert, "--key", key, $"{server.Rest.AbsoluteUri}metrics");
        Assert.Contains("mesh_tls_certificate_expiry_seconds{certificate=\"server\"} ", metrics, StringComparison.Ordinal);
        Assert.Contains("mesh_tls_certificate_expiry_seconds{certificate=\"rest_client_ca\"} ", metrics, StringComparison.Ordinal);
    }

    private static ClientTls Tls(string ca, (string Cert, string Key)? pair) => ClientTls.Load(
        new PemFile("--ca", ca), PemFile.At("--cert", pair?.Cert), PemFile.At("--key", pair?.Key), TimeProvider.System);

    private static GrpcChannel Channel(SecureServer server, string ca, (string Cert, string Key)? pair = null)
    {
        var handler = new SocketsHttpHandler();
        Tls(ca, pair).Apply(handler, SslApplicationProtocol.Http2);
        return GrpcChannel.ForAddress(server.Grpc, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }

    private static SslStreamCertificateContext Pair((string Cert, string Key) files, DateTimeOffset? asOf = null) =>
        KeyPair.Load(new PemFile("--cert", files.Cert), new PemFile("--key", files.Key), asOf ?? DateTimeOffset.UtcNow).Context;

    /// <summary>What an ordinary .NET client would set up.</summary>
    private static SocketsHttpHandler Handler(string ca, SslStreamCertificateContext? certificate)
    {
        using var root = X509CertificateLoader.LoadCertificateFromFile(ca);
        return new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                    CustomTrustStore = { X509CertificateLoader.LoadCertificate(root.RawData) },
                },
                ClientCertificateContext = certificate,
            },
        };
    }

    private async Task<(SslApplicationProtocol Protocol, SslProtocols Version)> Shake(Uri address, params List<SslApplicationProtocol> offered)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(address.Host, address.Port);
        await using var secure = new SslStream(tcp.GetStream());
        await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            ApplicationProtocols = offered,
            CertificateChainPolicy = TrustedRoots.Load(new PemFile("--ca", _authority.Root), DateTimeOffset.UtcNow).Policy(ofClients: false),
        });
        return (secure.NegotiatedApplicationProtocol, secure.SslProtocol);
    }

    private static async Task<(int Code, string Out)> Curl(params string[] arguments)
    {
        using var curl = Process.Start(new ProcessStartInfo("/usr/bin/curl", ["-sS", "--max-time", "30", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = curl.StandardError.ReadToEndAsync();
        var output = await curl.StandardOutput.ReadToEndAsync();
        await curl.WaitForExitAsync();
        await error;
        return (curl.ExitCode, output);
    }

    private static IProxyRegistry Proxies(SecureServer server) => server.App.Services.GetRequiredService<IProxyRegistry>();

    private async Task<SecureServer> Start(Func<SiloOptions, SiloOptions>? with = null)
    {
        var (cert, key) = _authority.Server();
        var options = new SiloOptions { TlsCert = cert, TlsKey = key };
        return await SecureServer.Start(with?.Invoke(options) ?? options);
    }

    private sealed class SecureServer : IAsyncDisposable
    {
        private readonly DirectoryInfo _data;

        public required Microsoft.AspNetCore.Builder.WebApplication App { get; init; }

        public Uri Grpc => MeshSilo.Addresses(App).OfGrpc;

        public Uri Rest => MeshSilo.Addresses(App).OfRest;

        public static async Task<SecureServer> Start(SiloOptions options)
        {
            var data = Directory.CreateTempSubdirectory("mesh-tls-");
            var app = MeshSilo.Build(
                options with { GrpcPort = 0, RestPort = 0, DataDirectory = data.FullName },
                static builder => builder.Logging.ClearProviders());
            await app.StartAsync();
            return new SecureServer(data) { App = app };
        }

        private SecureServer(DirectoryInfo data) => _data = data;

        public async ValueTask DisposeAsync()
        {
            await App.StopAsync();
            await App.DisposeAsync();
            _data.Delete(recursive: true);
        }
    }
}
