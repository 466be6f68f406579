using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Mesh.Tests;
using Mesh.Tls;

namespace Mesh.Gateway.Tests.Silo;

/// <summary>The program with files that are replaced while it runs.</summary>
public sealed partial class TlsProcessTests : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("mesh-silo-");
    private readonly TestAuthority _authority = new();
    private readonly ConcurrentQueue<string> _said = new();

    public void Dispose()
    {
        _data.Delete(recursive: true);
        _authority.Dispose();
    }

    [Fact]
    public async Task A_new_certificate_serves_without_a_restart_and_a_wrong_one_leaves_the_last_in_force()
    {
        var (cert, key) = _authority.Server("first");
        using var silo = Start("--tls-cert", cert, "--tls-key", key);
        try
        {
            await Eventually.True(() => silo.HasExited || Up() is not null, "It did not start.");
            Assert.False(silo.HasExited, string.Join('\n', _said));
            var (grpc, rest) = Up()!.Value;
            Assert.Equal("CN=first", await Shown(grpc));

            var next = _authority.Server("second");
            File.Copy(next.Cert, cert, overwrite: true);
            File.Copy(next.Key, key, overwrite: true);
            await Eventually.True(async () => await Shown(grpc) == "CN=second");
            Assert.Equal("CN=second", await Shown(rest));

            File.Copy(_authority.Server("third").Key, key, overwrite: true);
            await Eventually.True(() => _said.Any(static line => line.Contains("holds no key that fits", StringComparison.Ordinal)));
            Assert.Contains(_said, static line => line.Contains("stays in force", StringComparison.Ordinal));
            Assert.Equal("CN=second", await Shown(grpc));
        }
        finally
        {
            silo.Kill();
            await silo.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task A_wrong_file_is_one_clear_line_and_an_exit_code()
    {
        var (cert, _) = _authority.Server();
        using var silo = Start("--tls-cert", cert, "--tls-key", "/nowhere.key");
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await silo.WaitForExitAsync(limit.Token);
        Assert.Equal(2, silo.ExitCode);
        Assert.Equal(["mesh-silo: --tls-key '/nowhere.key': The file does not exist. Name a PEM file."], _said);
    }

    private Process Start(params string[] arguments)
    {
        var process = new Process
        {
            StartInfo = new ProcessStartInfo(
                "dotnet",
                [Path.Combine(AppContext.BaseDirectory, "mesh-silo.dll"), "--grpc-port", "0", "--rest-port", "0", "--data", _data.FullName, .. arguments])
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            },
        };
        process.OutputDataReceived += Heard;
        process.ErrorDataReceived += Heard;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;

        void Heard(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is { Length: > 0 } text)
            {
                _said.Enqueue(text);
            }
        }
    }

    /// <summary>Its ports, once it has said them.</summary>
    private (int OfGrpc, int OfRest)? Up() =>
        _said.Select(static line => Ports().Match(line)).FirstOrDefault(static match => match.Success) is { } up
            ? (int.Parse(up.Groups[1].ValueSpan), int.Parse(up.Groups[2].ValueSpan))
            : null;

    /// <summary>Whose certificate a port shows.</summary>
    private async Task<string> Shown(int port)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", port);
        await using var secure = new SslStream(tcp.GetStream());
        await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            CertificateChainPolicy = TrustedRoots.Load(new PemFile("--ca", _authority.Root), DateTimeOffset.UtcNow).Policy(ofClients: false),
        });
        return ((X509Certificate2)secure.RemoteCertificate!).Subject;
    }

    [GeneratedRegex(@"gRPC 127\.0\.0\.1:(\d+), REST https://127\.0\.0\.1:(\d+)")]
    private static partial Regex Ports();
}
