using System.Net.Security;
using Mesh.Proxy.Tests.Support;
using Mesh.Testing;
using Mesh.Tests;
using Mesh.Tls;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Xunit;

namespace Mesh.Proxy.Tests.Discovery;

public sealed class ControlPlaneTlsTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _next = new("The next CA");

    public void Dispose()
    {
        _authority.Dispose();
        _next.Dispose();
    }

    [Fact]
    public async Task The_control_plane_is_believed_by_its_authority_and_shown_a_certificate_and_both_may_change()
    {
        await using var plane = await ControlPlane.Start(secure: With(_authority));
        var ca = _authority.Write("trusted.pem", File.ReadAllText(_authority.Root));
        var (cert, key) = _authority.Client();
        await using var proxy = await RunningProxy.Start(plane, options => options with
        {
            ControlPlane = [new Uri($"https://127.0.0.1:{plane.Port}")],
            Ca = ca,
            Cert = cert,
            Key = key,
            Services = ["greeter"],
        });
        await Eventually.True(() => !plane.Requests.IsEmpty, "the proxy asks over TLS");

        // Another authority, on both sides: the proxy's next connection goes by the files as they are then.
        await plane.Down();
        plane.Secure = With(_next);
        plane.Requests.Clear();
        await plane.Up();
        var next = _next.Client();
        File.Copy(next.Key, key, overwrite: true);
        File.Copy(next.Cert, cert, overwrite: true);
        File.Copy(_next.Root, ca, overwrite: true);
        await Eventually.True(() => !plane.Requests.IsEmpty, "the proxy asks with the new files");
    }

    [Fact]
    public async Task Without_a_certificate_of_its_own_it_is_not_let_in()
    {
        await using var plane = await ControlPlane.Start(secure: With(_authority, out var refused));
        await using var proxy = await RunningProxy.Start(plane, options => options with
        {
            ControlPlane = [new Uri($"https://127.0.0.1:{plane.Port}")],
            Ca = _authority.Root,
            Services = ["greeter"],
        });
        await Eventually.True(() => refused.Count > 1, "the proxy is refused, and tries again");
        Assert.Empty(plane.Requests);
    }

    [Fact]
    public async Task Files_for_TLS_are_refused_where_there_is_none()
    {
        await using var plane = await ControlPlane.Start();
        var wrong = await Assert.ThrowsAsync<TlsFileException>(() => RunningProxy.Start(plane, options => options with { Ca = _authority.Root }));
        Assert.Contains("Write it with https://", wrong.Message, StringComparison.Ordinal);
    }

    private static Action<ListenOptions> With(TestAuthority authority) => With(authority, out _);

    private static Action<ListenOptions> With(TestAuthority authority, out System.Collections.Concurrent.ConcurrentQueue<SslPolicyErrors> refused)
    {
        var (cert, key) = authority.Server();
        var pair = KeyPair.Load(new PemFile("", cert), new PemFile("", key), DateTimeOffset.UtcNow);
        var roots = TrustedRoots.Load(new PemFile("", authority.Root), DateTimeOffset.UtcNow);
        var queue = refused = [];
        return listen => listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = pair.Context,
                ClientCertificateRequired = true,
                CertificateChainPolicy = roots.Policy(ofClients: true),
                RemoteCertificateValidationCallback = (_, _, _, errors) =>
                {
                    if (errors != SslPolicyErrors.None)
                    {
                        queue.Enqueue(errors);
                    }

                    return errors == SslPolicyErrors.None;
                },
            }),
        });
    }
}
