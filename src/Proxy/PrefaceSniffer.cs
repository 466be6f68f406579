using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Mesh.Proxy;

/// <summary>
/// Lets one port without TLS speak HTTP/1.1 and HTTP/2 with prior knowledge. Kestrel chooses by what TLS negotiated, and takes HTTP/1.1 where
/// there is none; so the beginning of the connection is looked at, and if it is HTTP/2's preface, Kestrel finds where it looks that there
/// is TLS and that it chose HTTP/2. (A second listener for HTTP/2 alone would need a transport of its own to be handed connections.)
/// </summary>
internal static class PrefaceSniffer
{
    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n"u8;

    public static async Task Sniff(ConnectionContext connection, ConnectionDelegate next)
    {
        try
        {
            if (await BeginsWithPreface(connection))
            {
                connection.Features.Set<ITlsConnectionFeature>(Http2.Instance);
                connection.Features.Set<ITlsApplicationProtocolFeature>(Http2.Instance);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The connection broke or was closed before it said anything.
            return;
        }

        await next(connection);
    }

    private static async Task<bool> BeginsWithPreface(ConnectionContext connection)
    {
        var input = connection.Transport.Input;
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed, stopping);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        while (true)
        {
            var read = await input.ReadAsync(limit.Token);
            var begin = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, Preface.Length)).ToArray();
            var length = begin.Length;
            var matches = Preface[..length].SequenceEqual(begin);
            var decided = !matches || length == Preface.Length || read.IsCompleted;

            // Everything stays to be read by HTTP; undecided, nothing more is wanted before more came.
            input.AdvanceTo(read.Buffer.Start, decided ? read.Buffer.Start : read.Buffer.End);
            if (decided)
            {
                return matches && length == Preface.Length;
            }
        }
    }

    private sealed class Http2 : ITlsApplicationProtocolFeature, ITlsConnectionFeature
    {
        public static Http2 Instance { get; } = new();

        public X509Certificate2? ClientCertificate
        {
            get => null;
            set => throw new NotSupportedException("There is no TLS on this connection.");
        }

        public ReadOnlyMemory<byte> ApplicationProtocol { get; } = "h2"u8.ToArray();

        public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult<X509Certificate2?>(null);
    }
}
